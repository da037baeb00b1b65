import type { PlacementRequest } from '#contract/placement.js';
import type { Random } from '#contract/random.js';
import { objection } from './filters.js';
import type { ReplicaView } from './placer.js';
import type { PrefixMatch } from './prefix-index.js';

/** Of the places on the list, the share that goes to those who hold most of the prompt. */
const HOLDERS = 0.5;

/**
 * Who is scored: every replica that may have the request, or a bounded number of them where there are more. Half of the list are those
 * that hold most of the prompt, the rest is drawn at random: the best of d at random is nearly the best of all (Mitzenmacher, 2001,
 * whose argument for two holds the more for thirty), and the cost of a choice no longer grows with the fleet.
 *
 * Nobody is left out for being drawn against: when too few of those drawn may have the request, drawing goes on to the last replica.
 */
export class Shortlist {
  /** Positions in the list of replicas in an order that each request shuffles a little further. */
  private order = new Int32Array(0);
  private readonly positions = new Map<string, number>();
  private known: readonly ReplicaView[] = [];
  private seen = new Float64Array(0);
  private round = 0;

  /** @param limit most that are scored. */
  constructor(
    private readonly limit: number,
    private readonly random: Random,
  ) {}

  fill(
    request: PlacementRequest,
    replicas: readonly ReplicaView[],
    match: PrefixMatch | undefined,
    open: ReplicaView[],
  ): void {
    open.length = 0;
    if (replicas.length > this.limit) this.draw(request, replicas, match, open);
    else for (const replica of replicas) if (objection(request, replica) === undefined) open.push(replica);
  }

  private draw(
    request: PlacementRequest,
    replicas: readonly ReplicaView[],
    match: PrefixMatch | undefined,
    open: ReplicaView[],
  ): void {
    const { limit, random } = this;
    if (this.known !== replicas || this.order.length !== replicas.length) this.learn(replicas);
    const { order, seen, positions } = this;
    const round = ++this.round;
    const mostHolders = limit * HOLDERS;
    for (let i = 0; match !== undefined && i < match.holders && open.length < mostHolders; i++) {
      const at = positions.get(match.holder(i));
      const replica = at === undefined ? undefined : replicas[at];
      if (replica === undefined || replica.id !== match.holder(i)) continue;
      seen[at!] = round;
      if (objection(request, replica) === undefined) open.push(replica);
    }
    for (let drawn = 0; drawn < order.length && open.length < limit; drawn++) {
      const other = drawn + random.below(order.length - drawn);
      const at = order[other]!;
      order[other] = order[drawn]!;
      order[drawn] = at;
      if (seen[at] === round) continue;
      const replica = replicas[at]!;
      if (objection(request, replica) === undefined) open.push(replica);
    }
  }

  private learn(replicas: readonly ReplicaView[]): void {
    this.known = replicas;
    this.positions.clear();
    for (const [at, { id }] of replicas.entries()) this.positions.set(id, at);
    this.order = Int32Array.from(replicas, (_, at) => at);
    this.seen = new Float64Array(replicas.length);
    this.round = 0;
  }
}
