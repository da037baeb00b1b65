import type { Picker } from '#pool/placement/picker.js';

/**
 * The better of two different candidates drawn at random: nearly as even as the best of all, and many routers that see the same
 * stale load do not all run to the same replica (Mitzenmacher, 2001).
 */
export function powerOfTwo(): Picker {
  return {
    name: 'power of two',
    pick(replicas, scores, random) {
      if (replicas.length === 1) return 0;
      const first = random.below(replicas.length);
      const other = random.below(replicas.length - 1);
      const second = other >= first ? other + 1 : other;
      return scores[second]! > scores[first]! ? second : first;
    },
  };
}
