import type { GramRun } from './gram-features.js';
import type { HybridRows } from './hybrid-file.js';
import type { KernelLayer } from './kernel-layer.js';
import type { Rarity } from './rarity.js';

/** Linear scores over n-grams weighed by rarity, and the probabilities that they stand for. */
export class HybridLayer {
  private readonly weights: readonly Int8Array[];

  /**
   * @param width numbers of the vector behind the n-grams, where scores are linear in them. @param kernel what judges the vector otherwise.
   * @throws RangeError when the parts are not of one size.
   */
  constructor(
    private readonly parts: HybridRows,
    private readonly rarity: Rarity,
    private readonly buckets: number,
    width = 0,
    private readonly kernel?: KernelLayer,
  ) {
    const bytes = Buffer.from(parts.rows, 'base64');
    const all = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    const count = parts.scales.length;
    const places = buckets + width;
    if (all.length !== count * places || parts.bias.length !== count) {
      throw new RangeError(`${all.length} weights are not ${count} rows of ${places}`);
    }
    this.weights = parts.scales.map((_, at) => all.subarray(at * places, (at + 1) * places));
  }

  /**
   * Of one row the probabilities of the two labels, of several those of each.
   *
   * @param grams as counted. @param dense the transformer's vector, which has its places behind the n-grams or is judged by the kernel.
   */
  probabilities(grams: GramRun, dense?: Float32Array): Float32Array {
    const byLikeness = dense === undefined ? undefined : this.kernel?.scores(dense);
    const linear = byLikeness === undefined ? dense : undefined;
    const scores = this.weights.map((_, at) => this.score(at, grams, linear) + (byLikeness?.[at] ?? 0));
    return probabilitiesOf(Float32Array.from(scores), this.parts);
  }

  /** The probability of the second of two labels, as n-grams alone have it. */
  danger(grams: GramRun): number {
    return sigmoid(this.parts.slope * this.score(0, grams) + this.parts.offset);
  }

  private score(at: number, grams: GramRun, dense?: Float32Array): number {
    const row = this.weights[at]!;
    let sum = this.rarity.dot(row, grams);
    if (dense !== undefined) for (let i = 0; i < dense.length; i++) sum += row[this.buckets + i]! * dense[i]!;
    return sum * this.parts.scales[at]! + this.parts.bias[at]!;
  }
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** Platt's sigmoid for one score, a softmax for several. */
export function probabilitiesOf(
  scores: Float32Array,
  { slope, offset }: { slope: number; offset: number },
): Float32Array {
  if (scores.length === 1) {
    const p = sigmoid(slope * scores[0]! + offset);
    return Float32Array.of(1 - p, p);
  }
  let largest = Number.NEGATIVE_INFINITY;
  for (const score of scores) largest = Math.max(largest, score);
  let sum = 0;
  const probabilities = scores.map(score => {
    const e = Math.exp(slope * (score - largest));
    sum += e;
    return e;
  });
  return probabilities.map(p => p / sum);
}

/** Rounds rows of floats to 8 bits and a scale each. */
export function toRows(
  rows: readonly Float32Array[],
  bias: readonly number[],
  slope: number,
  offset: number,
): HybridRows {
  const width = rows[0]?.length ?? 0;
  const bytes = new Int8Array(rows.length * width);
  const scales = rows.map((row, at) => {
    const scale = row.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-12) / 127;
    for (let i = 0; i < width; i++) bytes[at * width + i] = Math.round(row[i]! / scale);
    return Number(scale.toPrecision(6));
  });
  const short = (value: number): number => Number(value.toPrecision(6));
  return {
    rows: Buffer.from(bytes.buffer).toString('base64'),
    scales,
    bias: bias.map(short),
    slope: short(slope),
    offset: short(offset),
  };
}
