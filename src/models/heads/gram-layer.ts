import type { SparseVector } from '#models/safety/sparse-vector.js';

/** Weights of hashed n-grams as a file holds them. */
export interface GramWeights {
  /** A power of 2. */
  readonly buckets: number;
  /** One row of 8-bit integers a bucket, as long as there are labels, in base64. */
  readonly rows: string;
  /** One scale a label. */
  readonly scales: readonly number[];
}

/** What the n-grams of a text add to the scores of the labels. */
export class GramLayer {
  readonly buckets: number;
  private readonly weights: Int8Array;

  /** @throws RangeError when the parts are not of one size. */
  constructor(private readonly parts: GramWeights) {
    this.buckets = parts.buckets;
    const bytes = Buffer.from(parts.rows, 'base64');
    this.weights = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    if (this.weights.length !== parts.buckets * parts.scales.length) {
      throw new RangeError(`${this.weights.length} weights are not ${parts.buckets} rows of ${parts.scales.length}`);
    }
  }

  /** Adds to `logits`, in place. N-grams may be in more places than there are buckets: what is linear need not be folded before. */
  addTo(logits: Float32Array, { at, values }: SparseVector): void {
    const { weights } = this;
    const mask = this.parts.buckets - 1;
    const { scales } = this.parts;
    const labels = logits.length;
    const sums = new Float32Array(labels);
    for (let i = 0; i < at.length; i++) {
      const row = (at[i]! & mask) * labels;
      const value = values[i]!;
      for (let label = 0; label < labels; label++) sums[label]! += value * weights[row + label]!;
    }
    for (let label = 0; label < labels; label++) logits[label]! += sums[label]! * scales[label]!;
  }
}

/** Rounds rows of floats, one a bucket, to what {@link GramWeights} holds. */
export function toGramWeights(rows: Float32Array, buckets: number, labels: number): GramWeights {
  const largest = new Float32Array(labels).fill(1e-12);
  for (let i = 0; i < rows.length; i++) largest[i % labels] = Math.max(largest[i % labels]!, Math.abs(rows[i]!));
  const scales = Array.from(largest, value => Number((value / 127).toPrecision(6)));
  const bytes = Int8Array.from(rows, (value, i) =>
    Math.max(-127, Math.min(127, Math.round(value / scales[i % labels]!))),
  );
  return { buckets, rows: Buffer.from(bytes.buffer).toString('base64'), scales };
}
