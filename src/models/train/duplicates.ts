import { dot } from '#models/runtime/pooling.js';

/**
 * Places of the vectors that are nearly the same as one of `others` (cosine above `above`), so that nothing is tested on what it was
 * trained on. Time is the product of the two counts.
 */
export function nearDuplicates(
  vectors: readonly Float32Array[],
  others: readonly Float32Array[],
  above: number,
): ReadonlySet<number> {
  const found = new Set<number>();
  for (const [i, vector] of vectors.entries()) {
    if (others.some(other => dot(vector, other) > above)) found.add(i);
  }
  return found;
}
