import type { Outcome } from './outcome.js';
import type { PoolView } from './pool-view.js';
import type { Random } from './random.js';
import type { Candidate, PlacementConstraints } from './route.js';
import type { Board } from './signal.js';

/** What a selection algorithm may look at. */
export interface SelectionContext {
  readonly board: Board;
  readonly pool: PoolView;
  readonly random: Random;
  /** The decision that named the models: learners keep what they learn apart by it. */
  readonly decision: string;
  /** Where the request may go: quotes are of those places only. Absent means anywhere. */
  readonly constraints?: PlacementConstraints;
}

/**
 * Orders the models of a decision. A ranking holds every model that was given exactly once: the eligible ones first, best first,
 * each with its propensity (the chance that it was put first, summing to 1 over the eligible), then the ruled-out ones with
 * propensity 0. It is deterministic under the seed of `context.random`.
 */
export interface Selector {
  readonly name: string;
  rank(models: readonly string[], context: SelectionContext): readonly Candidate[];
  /**
   * Learns from how a request ended; absent for an algorithm that does not learn. What the pool learns of its replicas (speed, load, cached prefixes)
   * reaches every algorithm by the quotes of `context.pool`, learned or not. Never throws.
   */
  observe?(outcome: Outcome, context: { readonly decision: string; readonly candidates: readonly Candidate[] }): void;
}
