import type { WeirError } from '#contract/errors.js';
import type { Placement, PlacementRequest } from '#contract/placement.js';
import type { Milliseconds } from '#contract/units.js';
import type { Lease } from '#pool/lease.js';
import { ThriftyRequest, tooDear } from '#pool/placement/energy-limit.js';
import type { Choice, ReplicaView } from '#pool/placement/placer.js';
import { Replica } from '#pool/topology/replica.js';
import type { ServedModel, Tier } from '#pool/topology/served.js';
import { factsOf } from './facts.js';
import { type Found, type GrantHost, grant, planAt } from './grant.js';
import { mayUse, whyNowhere } from './refusals.js';

/** All replicas that a request may use are at their limit: it would have to wait. */
const FULL = 'full';

interface Spot extends Found {
  /** A tier with a shorter window would have taken the request. */
  readonly spilled: boolean;
}

/** Finds places: which tier takes a request, which replica of it, and what to do when all are out. */
export class PlaceSearch {
  constructor(private readonly host: GrantHost) {}

  /**
   * A place for a request, if there is one now: in the tightest tier that fits, has room and does not spill over, else in the tightest
   * that has room. `undefined` means that it would have to wait, an error that waiting would not help.
   */
  place(
    model: ServedModel | undefined,
    asked: PlacementRequest,
    since: Milliseconds,
    now: Milliseconds,
  ): Lease | WeirError | undefined {
    if (model === undefined) return whyNowhere(asked.model, undefined, asked, now);
    const request = this.thrifty(model, asked);
    let found = this.open(model, request, now);
    if (found === undefined) {
      const resting = this.resting(model, request, now);
      for (const { ejection } of resting?.replicas ?? []) ejection.lift(now);
      found = resting === undefined ? this.dead(model, request, now) : this.open(model, request, now);
    }
    if (found === FULL) return undefined;
    if (found === undefined) return whyNowhere(model.name, model, request, now);
    const lease = grant(this.host, found, request, since, now);
    if (found.spilled) this.host.topology.pools.get(lease.placement.pool)!.memory.counts.spilled += 1;
    return lease;
  }

  /** The place that a request would get now; `undefined` where it would wait or be refused. Takes nothing, lifts nothing, counts nothing. */
  preview(model: ServedModel, asked: PlacementRequest, now: Milliseconds): Placement | undefined {
    const request = this.thrifty(model, asked);
    const found = this.open(model, request, now) ?? this.lastResort(model, request, now);
    return found === undefined || found === FULL ? undefined : planAt(this.host, found, request, 0).placement;
  }

  /** The request with the replicas that would take more energy than it may, where it says how much that is. */
  private thrifty(model: ServedModel, request: PlacementRequest): PlacementRequest {
    const { energy } = request.constraints;
    if (energy === undefined || request.dear !== undefined) return request;
    const usable = [...this.host.topology.replicas.values()].filter(
      replica =>
        model.pools.some(({ name }) => name === replica.pool) &&
        replica.unavailable === undefined &&
        mayUse(request, replica),
    );
    return new ThriftyRequest(request, tooDear(energy, request, usable));
  }

  /** A place on a replica that takes requests; `undefined` where none does that the request may use. */
  private open(model: ServedModel, request: PlacementRequest, now: Milliseconds): Spot | typeof FULL | undefined {
    let someAvailable = false;
    let tightest: Tier | undefined;
    let open: Tier | undefined;
    for (const tier of model.tiers) {
      if (request.promptTokens + request.outputTokens > tier.contextTokens) continue;
      tightest ??= tier;
      // Where there is one tier, there is nothing to spill to and nothing to count.
      const spills = model.tiers.length > 1 && spillsOver(tier);
      for (const replica of tier.replicas) {
        if (replica.unavailable !== undefined || !mayUse(request, replica)) continue;
        someAvailable = true;
        if (!this.hasPlace(replica, request, now)) continue;
        if (!spills) return this.chosen(tier, request, now, tier !== tightest);
        open ??= tier;
        break;
      }
    }
    if (open !== undefined) return this.chosen(open, request, now, open !== tightest);
    return someAvailable ? FULL : undefined;
  }

  private chosen(tier: Tier, request: PlacementRequest, now: Milliseconds, spilled: boolean): Spot {
    let choice = tier.placer.choose(request, tier.replicas);
    let replica = this.usable(choice, request, now);
    if (choice === undefined || replica === undefined) {
      // The placer saw replicas that this request may not use: it chooses again among those it may.
      const open = tier.replicas.filter(
        candidate =>
          candidate.unavailable === undefined && mayUse(request, candidate) && this.hasPlace(candidate, request, now),
      );
      choice = tier.placer.choose(request, open);
      replica = this.usable(choice, request, now) ?? open[0]!;
      if (choice?.replica !== replica) choice = unscored(replica, open.length);
    }
    return { replica, choice, tier, spilled };
  }

  /** Whether a replica has a place that the request's tenant may take. */
  private hasPlace(replica: Replica, request: PlacementRequest, now: Milliseconds): boolean {
    if (replica.inFlight >= replica.limit) return false;
    return this.host.topology.pools.get(replica.pool)?.mustWait(factsOf(request).tenant, now) !== true;
  }

  private usable(choice: Choice | undefined, request: PlacementRequest, now: Milliseconds): Replica | undefined {
    if (choice === undefined) return undefined;
    // Placers are handed live replicas and hand one of them back.
    const { replica } = choice;
    return replica instanceof Replica &&
      replica.unavailable === undefined &&
      mayUse(request, replica) &&
      this.hasPlace(replica, request, now)
      ? replica
      : undefined;
  }

  /** With every replica out, softer verdicts give way: those ejected, of the tightest tier that has some, are to serve or worth waiting for. */
  private resting(
    model: ServedModel,
    request: PlacementRequest,
    now: Milliseconds,
  ): { readonly tier: Tier; readonly replicas: readonly Replica[] } | undefined {
    for (const tier of model.tiers) {
      const replicas = tier.replicas.filter(replica => mayUse(request, replica) && replica.whyOut(now) === 'ejected');
      if (replicas.length > 0) return { tier, replicas };
    }
    return undefined;
  }

  /** What a request would get with every replica out: one that is ejected, or a trial. */
  private lastResort(model: ServedModel, request: PlacementRequest, now: Milliseconds): Spot | undefined {
    const resting = this.resting(model, request, now);
    if (resting === undefined) return this.dead(model, request, now);
    const { tier, replicas } = resting;
    const replica = replicas.find(one => this.hasPlace(one, request, now));
    return replica && { replica, choice: unscored(replica, replicas.length), tier, spilled: false };
  }

  /** A replica that probes call dead gets one trial whenever its circuit is half-open, so that recovery depends on no probe. */
  private dead(model: ServedModel, request: PlacementRequest, now: Milliseconds): Spot | undefined {
    for (const tier of model.tiers) {
      const replica = tier.replicas.find(one => mayUse(request, one) && one.allowsLastResort(now));
      if (replica !== undefined)
        return { replica, choice: unscored(replica, tier.replicas.length), tier, spilled: false };
    }
    return undefined;
  }
}

/** Whether all its pools do. Each is looked at: a mark that is passed unseen is passed all the same. */
function spillsOver({ pools }: Tier): boolean {
  let all = true;
  for (const pool of pools) all = pool.spills() && all;
  return all;
}

function unscored(replica: ReplicaView, considered: number): Choice {
  return { replica, score: 0, expectedPrefixTokens: 0, losers: [], considered };
}
