import type { Picker } from '#pool/placement/picker.js';

/** At random in proportion to the scores; in equal shares when all are 0. Spreads what a hot prefix would draw to one replica. */
export function weightedRandom(): Picker {
  return {
    name: 'weighted random',
    pick(replicas, scores, random) {
      let sum = 0;
      for (let i = 0; i < replicas.length; i++) sum += scores[i]!;
      if (!(sum > 0)) return random.below(replicas.length);
      let left = random.next() * sum;
      for (let i = 0; i < replicas.length; i++) {
        left -= scores[i]!;
        if (left < 0) return i;
      }
      return lastAboveZero(scores, replicas.length);
    },
  };
}

/** Where rounding leaves a draw beyond the last share. */
function lastAboveZero(scores: Float64Array, count: number): number {
  let at = count - 1;
  while (at > 0 && !(scores[at]! > 0)) at--;
  return at;
}
