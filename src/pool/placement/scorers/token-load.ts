import type { Tokens } from '#contract/units.js';
import type { Scorer } from '#pool/placement/scorer.js';

/** The load at which llm-d's scorer reaches 0. */
export const FULL_LOAD: Tokens = 4_194_304;

/**
 * Fewest tokens in flight on an absolute scale: 1 − min(1, tokens / full), llm-d's `token-load`. With the default of 4,194,304
 * tokens ordinary loads differ little, so it decides only among replicas that are alike otherwise.
 *
 * @param full tokens in flight at which the score is 0.
 */
export function tokenLoad(full: Tokens = FULL_LOAD): Scorer {
  return {
    name: 'token load',
    category: 'balance',
    score({ replicas }, scores) {
      for (let i = 0; i < replicas.length; i++) {
        scores[i] = 1 - Math.min(1, Math.max(0, replicas[i]!.inFlightTokens) / full);
      }
      return full;
    },
  };
}
