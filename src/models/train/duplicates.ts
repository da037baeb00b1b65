import { ByteRows, stepped } from '#models/kernels/byte-rows.js';
import { dot } from '#models/runtime/pooling.js';

/** Rows that are multiplied at a time: at 384 numbers each, what a processor's second cache holds. */
const BLOCK = 2048;
/** What sums in 64 bits may be off by. */
const ROUNDING = 1e-6;

/**
 * Places of the vectors that are nearly the same as one of `others` (cosine above `above`), so that nothing is tested on what it was
 * trained on. Time is the product of the two counts, so products are first taken in 8 bits, and exactly only where these may be off by enough to matter.
 *
 * @param vectors as all others of length 1.
 */
export function nearDuplicates(
  vectors: readonly Float32Array[],
  others: readonly Float32Array[],
  above: number,
): ReadonlySet<number> {
  const found = new Set<number>();
  for (let from = 0; from < others.length; from += BLOCK) {
    const block = new Coarse(others.slice(from, from + BLOCK));
    for (const [i, vector] of vectors.entries()) if (!found.has(i) && block.hasNear(vector, above)) found.add(i);
  }
  return new Set([...found].sort((a, b) => a - b));
}

/** Vectors in 8 bits, with how far each is from what it was. */
class Coarse {
  private readonly rows: ByteRows;
  private readonly scales: Float64Array;
  /** Length of what rounding took from each row, and of what it left. */
  private readonly lost: Float64Array;
  private readonly left: Float64Array;

  constructor(private readonly vectors: readonly Float32Array[]) {
    const width = vectors[0]?.length ?? 0;
    const bytes = new Int8Array(vectors.length * width);
    this.scales = new Float64Array(vectors.length);
    this.lost = new Float64Array(vectors.length);
    this.left = new Float64Array(vectors.length);
    for (const [row, vector] of vectors.entries()) {
      const scale = vector.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-12) / 127;
      let lost = 0;
      let left = 0;
      for (const [i, value] of vector.entries()) {
        const whole = Math.round(value / scale);
        bytes[row * width + i] = whole;
        lost += (value - whole * scale) ** 2;
        left += (whole * scale) ** 2;
      }
      this.scales[row] = scale;
      this.lost[row] = Math.sqrt(lost);
      this.left[row] = Math.sqrt(left);
    }
    this.rows = new ByteRows(bytes, vectors.length, width);
  }

  /** By Cauchy and Schwarz a product in whole numbers is off by no more than the lengths of what rounding took, times those of what it was multiplied with. */
  hasNear(vector: Float32Array, above: number): boolean {
    const { numbers, step } = stepped(vector);
    const length = Math.sqrt(dot(vector, vector));
    const stepLost = (step / 2) * Math.sqrt(vector.length);
    const products = this.rows.products(numbers);
    for (const [row, other] of this.vectors.entries()) {
      const slack = this.lost[row]! * length + this.left[row]! * stepLost + ROUNDING;
      if (products[row]! * step * this.scales[row]! + slack > above && dot(vector, other) > above) return true;
    }
    return false;
  }
}
