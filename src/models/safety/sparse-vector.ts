/** A vector of which most numbers are 0: places in rising or any order, none twice, and the numbers there. */
export interface SparseVector {
  readonly at: Int32Array | Uint16Array;
  readonly values: Float32Array;
}

/** `w · x`. */
export function sparseDot(weights: Float32Array | Int8Array, { at, values }: SparseVector): number {
  let sum = 0;
  for (let i = 0; i < at.length; i++) sum += weights[at[i]!]! * values[i]!;
  return sum;
}

/** A sparse vector with a dense one behind it, whose first number has place `offset`. */
export function joined({ at, values }: SparseVector, dense: Float32Array, offset: number): SparseVector {
  const places = new Int32Array(at.length + dense.length);
  const all = new Float32Array(places.length);
  places.set(at);
  all.set(values);
  for (let i = 0; i < dense.length; i++) places[at.length + i] = offset + i;
  all.set(dense, at.length);
  return { at: places, values: all };
}

/** The same numbers in fewer places: `buckets`, a power of 2. Numbers that meet add up. */
export function folded({ at, values }: SparseVector, buckets: number): SparseVector {
  const sums = new Map<number, number>();
  for (let i = 0; i < at.length; i++) {
    const place = at[i]! & (buckets - 1);
    sums.set(place, (sums.get(place) ?? 0) + values[i]!);
  }
  return { at: Int32Array.from(sums.keys()), values: Float32Array.from(sums.values()) };
}
