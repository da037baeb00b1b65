import type { Milliseconds } from '#contract/units.js';
import type { Split } from './split.js';

/**
 * Where a replica is on its way: `draining` gets no more requests and finishes those it has; `moved` serves in the other pool. It serves on where
 * it was when it was `given_up` (its requests did not end in time) or `cancelled` (its replica, pair or pool left the configuration, or somebody paused the pair).
 */
export type MoveState = 'draining' | 'moved' | 'given_up' | 'cancelled';

/** A replica that changes pools, and why. */
export interface Move {
  readonly id: number;
  readonly pair: string;
  readonly replica: string;
  readonly from: string;
  readonly to: string;
  readonly state: MoveState;
  /** Wall time. */
  readonly at: Milliseconds;
  readonly endedAt: Milliseconds | undefined;
  readonly change: number;
}

/** What one decision changes: the boundary, replicas, or both. */
export interface Change {
  readonly id: number;
  readonly pair: string;
  /** Wall time. */
  readonly at: Milliseconds;
  readonly why: string;
  readonly before: Split;
  readonly after: Split;
  /** 99th percentile of time to first token as predicted without and with it, over the requests of the window; absent where a person decided. */
  readonly predicted: { readonly beforeMs: Milliseconds; readonly afterMs: Milliseconds } | undefined;
  /** `under_way` until its replicas have moved, and then its boundary is set too. */
  readonly state: 'under_way' | 'done' | 'cancelled';
}

/** A pair as people see it. */
export interface PairStatus {
  readonly pair: string;
  readonly short: string;
  readonly long: string;
  readonly paused: boolean;
  /** Replicas that have moved since start. */
  readonly moved: number;
  readonly boundary: number;
  /** Replicas in each pool, and how many of them take requests. */
  readonly replicas: { readonly short: number; readonly long: number };
  readonly available: { readonly short: number; readonly long: number };
  /** Requests in the window. */
  readonly requests: number;
  /** Why nothing is decided now; absent when the last look was a look. */
  readonly idle: string | undefined;
  readonly p99Ms: Milliseconds | undefined;
  readonly shortLoad: number | undefined;
  readonly longLoad: number | undefined;
  /** Looks in a row that promised enough to change something, and how many it takes. */
  readonly streak: number;
  readonly needed: number;
}

export interface RebalanceStatus {
  readonly pairs: readonly PairStatus[];
  /** Latest first, at most {@link KEPT} of each. */
  readonly changes: readonly Change[];
  readonly moves: readonly Move[];
}

/** Changes and moves that are remembered. */
export const KEPT = 256;
