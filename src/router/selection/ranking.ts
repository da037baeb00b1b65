import type { Random } from '#contract/random.js';
import type { Candidate } from '#contract/route.js';

/** A model with its score, higher being better. */
export interface Scored {
  readonly model: string;
  readonly score: number;
  readonly reason: string;
}

/**
 * Ranks by score, best first, and puts the ruled-out behind. Models of equal score are put in random order, so that a tie is
 * split evenly: each of k models that share the best score was first with probability 1/k, and no other was.
 */
export function rankByScore(scored: readonly Scored[], ruledOut: readonly Candidate[], random: Random): Candidate[] {
  const sorted = [...scored].sort((a, b) => b.score - a.score);
  for (let start = 0; start < sorted.length; ) {
    const end = endOfTie(sorted, start);
    shuffle(sorted, start, end, random);
    start = end;
  }
  const best = endOfTie(sorted, 0);
  const ranked = sorted.map((one, index) => ({ ...one, propensity: index < best ? 1 / best : 0, eligible: true }));
  return [...ranked, ...ruledOut];
}

/** Ranks in the order given: nothing is left to chance. */
export function rankInOrder(scored: readonly Scored[], ruledOut: readonly Candidate[]): Candidate[] {
  const ranked = scored.map((one, index) => ({ ...one, propensity: index === 0 ? 1 : 0, eligible: true }));
  return [...ranked, ...ruledOut];
}

function endOfTie(sorted: readonly Scored[], start: number): number {
  let end = start;
  while (end < sorted.length && sorted[end]?.score === sorted[start]?.score) end++;
  return end;
}

/** Fisher and Yates, on `list[start..end)`. */
function shuffle(list: Scored[], start: number, end: number, random: Random): void {
  for (let i = end - 1; i > start; i--) {
    const j = start + random.below(i - start + 1);
    const [a, b] = [list[i], list[j]];
    if (a !== undefined && b !== undefined) {
      list[i] = b;
      list[j] = a;
    }
  }
}
