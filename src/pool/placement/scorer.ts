import type { PlacementRequest } from '#contract/placement.js';
import type { Tokens } from '#contract/units.js';
import type { ReplicaView } from './placer.js';
import type { PrefixHeat } from './prefix-heat.js';
import type { PrefixMatch } from './prefix-index.js';
import { creditedWorth, type TieredTokens, tierWorth } from './tier-worth.js';

/** Who is in the running for one request, after the filters. Valid during one choice only. */
export interface Candidates {
  readonly request: PlacementRequest;
  readonly replicas: readonly ReplicaView[];
  /** What each holds of the prompt; `undefined` for a placer that keeps no index. */
  readonly match: PrefixMatch | undefined;
  /** What of the prompt many requests in flight share; `undefined` unless a scorer of the placer asks. */
  readonly heat?: PrefixHeat | undefined;
}

/**
 * Judges the candidates by one thing. `affinity` draws requests together, `balance` spreads them, a `rule` weighs both itself.
 *
 * Scores are in [0, 1], higher is better, and relative to the candidates: so each scorer also says what its whole range is worth in
 * tokens of prefill. Scores times their worth add up across scorers in one currency, and no weight has to be tuned against another.
 * {@link weighted} puts a fixed weight in the place of that worth.
 */
export interface Scorer {
  readonly name: string;
  readonly category: 'affinity' | 'balance' | 'rule';
  /** Whether it asks what the replicas hold of the prompt. */
  readonly readsPrefix?: boolean;
  /** Whether it asks how many requests in flight share the prompt's beginning. */
  readonly readsHeat?: boolean;
  /** Writes a score for each candidate and returns what the range from 0 to 1 is worth, 0 when all are alike. */
  score(candidates: Candidates, scores: Float64Array): Tokens;
  /** The request has been sent to a replica. `cold` when no replica was known to hold any of its prompt. */
  committed?(request: PlacementRequest, replica: string, cold: boolean): void;
  forget?(replica: string): void;
}

/** Counts a scorer at a fixed weight, whatever its range is worth: the weighted sums that most schedulers use. */
export function weighted(scorer: Scorer, weight: number): Scorer {
  return {
    ...scorer,
    score(candidates, scores) {
      scorer.score(candidates, scores);
      return weight;
    },
  };
}

/** Prompt tokens that a candidate is expected to hold in its cache; those behind the GPUs' memory count for what they spare ({@link tierWorth}). */
export function cachedTokens({ request, replicas, match }: Candidates, at: number): Tokens {
  const held = heldTokens(request, replicas[at]!, match);
  return typeof held === 'number' ? held : tierWorth(request.promptTokens, held, replicas[at]!.forecast);
}

/** The same by fixed credits, whatever is known of the hardware. */
export function creditedTokens({ request, replicas, match }: Candidates, at: number): Tokens {
  const held = heldTokens(request, replicas[at]!, match);
  return typeof held === 'number' ? held : creditedWorth(held);
}

/** Tokens on the GPUs, or by tier where some are known to lie behind them. */
function heldTokens(
  { promptTokens, prefix: { blockTokens } }: PlacementRequest,
  { id }: ReplicaView,
  match: PrefixMatch | undefined,
): Tokens | TieredTokens {
  if (match === undefined) return 0;
  const all = Math.min(promptTokens, match.blocksOn(id) * blockTokens);
  const lower = match.lowerOn?.(id);
  if (lower === undefined) return all;
  // What the prompt is too short for is not read.
  const host = Math.min(all, lower.host * blockTokens);
  const disk = Math.min(all - host, lower.disk * blockTokens);
  return { device: all - host - disk, host, disk };
}
