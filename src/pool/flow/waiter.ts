import type { Cancel } from '#contract/clock.js';
import type { WeirError } from '#contract/errors.js';
import type { PlacementRequest } from '#contract/placement.js';
import type { Milliseconds } from '#contract/units.js';
import type { Lease } from '#pool/lease.js';
import type { ServedModel, ServedPool } from '#pool/topology/served.js';
import { factsOf } from './facts.js';
import type { Waiting } from './fair-queue.js';

/** A request that waits for a place, in the queue of every pool that could take it. One timer, however many queues. */
export class Waiter {
  /** The caller left: it must not be settled any more, not even with what it had been given a moment before. */
  cancelled = false;
  /** Where it stands. */
  pools: readonly ServedPool[] = [];
  private readonly nodes: Waiting<Waiter>[] = [];
  private model: ServedModel | undefined;
  private ending: Cancel | undefined;

  constructor(
    readonly request: PlacementRequest,
    readonly settle: (result: Lease | WeirError) => void,
    readonly since: Milliseconds,
    /** Place in the order of arrival over all queues. */
    readonly number: number,
  ) {}

  /** What is to be done, once, when the wait ends, however it does. */
  endWith(ending: Cancel): void {
    this.ending = ending;
  }

  join(model: ServedModel, pools: readonly ServedPool[]): void {
    this.model = model;
    this.pools = pools;
    model.waiting += 1;
    const { promptTokens, outputTokens } = this.request;
    const facts = factsOf(this.request);
    for (const pool of pools) this.nodes.push(pool.queue.push(this, promptTokens + outputTokens, facts));
  }

  /** Leaves one queue and stays in the others. */
  leave(pool: ServedPool): void {
    const at = this.pools.indexOf(pool);
    if (at < 0) return;
    this.nodes.splice(at, 1)[0]!.leave();
    this.pools = this.pools.filter(other => other !== pool);
  }

  /** Leaves all queues, to be settled or to join others. */
  leaveQueues(): void {
    if (this.model === undefined) return;
    this.model.waiting -= 1;
    this.model = undefined;
    for (const node of this.nodes) node.leave();
    this.nodes.length = 0;
    this.pools = [];
  }

  /** Stops waiting for good: no queue and no timer knows of it any more. */
  stop(): void {
    this.ending?.();
    this.ending = undefined;
    this.leaveQueues();
  }

  /** The caller left. Does nothing once it has been settled. */
  cancel(): void {
    this.cancelled = true;
    this.stop();
  }
}
