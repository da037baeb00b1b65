import type { PlacementRequest } from '#contract/placement.js';
import type { Tokens } from '#contract/units.js';
import type { ReplicaView } from './placer.js';
import type { PrefixMatch } from './prefix-index.js';

/** Who is in the running for one request, after the filters. Valid during one choice only. */
export interface Candidates {
  readonly request: PlacementRequest;
  readonly replicas: readonly ReplicaView[];
  /** What each holds of the prompt; `undefined` for a placer that keeps no index. */
  readonly match: PrefixMatch | undefined;
}

/**
 * Judges the candidates by one thing. `affinity` draws requests together, `balance` spreads them.
 *
 * Scores are in [0, 1], higher is better, and relative to the candidates: so each scorer also says what its whole range is worth in
 * tokens of work. Scores times their worth add up across scorers in one currency, and no weight has to be tuned against another.
 */
export interface Scorer {
  readonly name: string;
  readonly category: 'affinity' | 'balance';
  /** Writes a score for each candidate and returns what the range from 0 to 1 is worth, 0 when all are alike. */
  score(candidates: Candidates, scores: Float64Array): Tokens;
}
