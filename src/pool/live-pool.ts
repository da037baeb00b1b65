import type { Clock } from '#contract/clock.js';
import type { Random } from '#contract/random.js';
import type { PlacementConstraints } from '#contract/route.js';
import type { Milliseconds, Tokens } from '#contract/units.js';
import type { EnergyEstimate } from './estimation/quote.js';
import type { Pool } from './lease.js';
import type { BlockLedger } from './placement/blocks/block-ledger.js';
import type { RebalanceStatus } from './rebalance/move.js';
import type { RebalanceNews } from './rebalance/rebalancer.js';
import type { PoolConfig } from './schema.js';
import type { PoolNews } from './sharing/news.js';
import type { PlacerFactory } from './topology/build.js';
import type { EventSource } from './topology/event-sources.js';
import type { Probe } from './topology/probes.js';
import type { EngineFacts } from './topology/replica.js';
import type { PoolSnapshot } from './topology/snapshot.js';

export interface PoolDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly placer: PlacerFactory;
  /** Energy of a request, where somebody can tell. */
  readonly energy?: EnergyEstimate;
  /** Told what becomes of pools that follow the lengths of requests. */
  readonly rebalanced?: (news: RebalanceNews) => void;
}

/** A pool with what its composition tells it and asks it. */
export interface LivePool extends Pool {
  /** Replicas to be probed, as the configuration in force has it. */
  probes(): readonly Probe[];
  /** A probe of a replica came back. Unknown replicas are ignored: they may have just left. */
  probed(replica: string, ok: boolean, latencyMs: Milliseconds): void;
  /** What a replica's engine says of itself on its own metrics. */
  observed(replica: string, facts: EngineFacts): void;
  /**
   * Changes to another configuration at once. Replicas that stay keep what is known of them; those that go finish their
   * leases; who waits is placed, waits on in the same order under its old time limit, or is refused.
   *
   * @throws WeirError as when a pool is made of it; the old configuration stays in force.
   */
  reconfigure(config: PoolConfig): void;
  snapshot(): PoolSnapshot;
  /** What other gateways on these replicas should know: the load now, and what was sent since the last call. */
  news(): PoolNews;
  /** What another gateway told of replicas that it shares with this one. Of replicas that this one does not have nothing is taken. */
  hear(from: string, news: PoolNews): void;
  /** Other gateways that are heard now, and prompts that were too many to be told of. */
  readonly sharing: { readonly heard: number; readonly leftOut: number };
  /** Engines that tell of their prefix caches, as the configuration in force has it. */
  eventSources(): readonly EventSource[];
  /** Where what a replica's engine tells of its cache goes; `undefined` where placement reads no prefixes, or there is no such replica. */
  blocks(replica: string): BlockLedger | undefined;
  /** The window that a request of so many tokens is to be compressed into; `undefined` where it is to go on as it is. */
  borderline(model: string, tokens: Tokens, constraints?: PlacementConstraints): Tokens | undefined;
  /** Whether a request for a model would be placed better if its tokens were known: two replicas could take it, and one of them tells of its cache. */
  wantsTokens(model: string): boolean;
  /**
   * Takes a replica out by hand, or puts it back: requests on it finish, and it gets no more. Lasts over changes of the
   * configuration, as long as the replica stays in it, and until the process ends.
   *
   * @returns whether there is such a replica.
   */
  drain(replica: string, out: boolean): boolean;
  /** Pairs of pools that follow the lengths of requests. */
  readonly rebalancing: Rebalancing;
}

/** What people may see of and do to pairs of pools; `false` where there is no such pair. */
export interface Rebalancing {
  status(): RebalanceStatus;
  pause(pair: string, paused: boolean): boolean;
  /** Back to how the file has it, one replica after the other has finished what it has; paused then. */
  revert(pair: string): boolean;
}
