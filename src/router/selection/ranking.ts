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
  const sorted = byScore(scored);
  for (let start = 0; start < sorted.length; ) {
    const end = endOfTie(sorted, start);
    shuffle(sorted, start, end, random);
    start = end;
  }
  const best = endOfTie(sorted, 0);
  const ranked: Candidate[] = [];
  for (let i = 0; i < sorted.length; i++) ranked.push(candidate(sorted[i]!, i < best ? 1 / best : 0));
  for (const one of ruledOut) ranked.push(one);
  return ranked;
}

/** Ranks in the order given: nothing is left to chance. */
export function rankInOrder(scored: readonly Scored[], ruledOut: readonly Candidate[]): Candidate[] {
  const ranked = scored.map((one, index) => candidate(one, index === 0 ? 1 : 0));
  return ruledOut.length === 0 ? ranked : [...ranked, ...ruledOut];
}

/** Written out, for a spread takes many times as long and this is made for every model of every request. */
function candidate({ model, score, reason }: Scored, propensity: number): Candidate {
  return { model, score, propensity, reason, eligible: true };
}

/** A stable sort by insertion: models are few, and mostly named in a good order already. */
function byScore(scored: readonly Scored[]): Scored[] {
  const sorted: Scored[] = [];
  for (const one of scored) {
    let at = sorted.length;
    for (; at > 0 && sorted[at - 1]!.score < one.score; at--) sorted[at] = sorted[at - 1]!;
    sorted[at] = one;
  }
  return sorted;
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
