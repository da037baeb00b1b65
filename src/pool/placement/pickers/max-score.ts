import type { Picker } from '#pool/placement/picker.js';

/** Scores nearer than this are equal: sums of the same parts in another order may differ by rounding. */
const SAME = 1e-9;

/** The highest score; among equals one at random, so that no replica is favoured for standing first. */
export function maxScore(): Picker {
  return {
    name: 'max score',
    pick(replicas, scores, random) {
      let best = scores[0]!;
      for (let i = 1; i < replicas.length; i++) if (scores[i]! > best) best = scores[i]!;
      const bar = best - SAME * Math.max(1, Math.abs(best));
      let chosen = 0;
      let equals = 0;
      for (let i = 0; i < replicas.length; i++) {
        if (scores[i]! < bar) continue;
        equals++;
        if (equals === 1 || random.below(equals) === 0) chosen = i;
      }
      return chosen;
    },
  };
}
