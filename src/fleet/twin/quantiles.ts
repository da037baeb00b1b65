import { type Distribution, distributionOf } from '#contract/distribution.js';

/** Values kept as they are; beyond them, only how many fell into each bucket. */
const EXACT = 65_536;
/** Half a per cent to either side of a bucket's middle: DDSketch (Masson, Rim and Lee, VLDB 2019) with α = 0.005. */
const ACCURACY = 0.005;
const GAMMA = (1 + ACCURACY) / (1 - ACCURACY);
const LOG_GAMMA = Math.log(GAMMA);
/** Values below this are counted as this. */
const SMALLEST = 1e-3;
const BUCKETS = Math.ceil(Math.log(1e12 / SMALLEST) / LOG_GAMMA);

/**
 * Mean and percentiles of any number of values in bounded memory: exact for the first 65,536, from then on percentiles within 0.5 % of
 * themselves by a histogram with logarithmic buckets. The mean is always exact. Sketches of parts add up to the sketch of the whole.
 */
export class Quantiles {
  private exact: number[] | undefined = [];
  private buckets: Float64Array | undefined;
  private sum = 0;
  count = 0;

  add(value: number): void {
    this.count++;
    this.sum += value;
    if (this.exact !== undefined && this.exact.length < EXACT) {
      this.exact.push(value);
      return;
    }
    this.fold();
    this.buckets![bucketOf(value)]! += 1;
  }

  /** Takes in all values of another. */
  merge(other: Quantiles): void {
    if (other.exact !== undefined) {
      for (const value of other.exact) this.add(value);
      return;
    }
    this.fold();
    for (let i = 0; i < BUCKETS; i++) this.buckets![i]! += other.buckets![i]!;
    this.count += other.count;
    this.sum += other.sum;
  }

  distribution(): Distribution {
    if (this.exact !== undefined) return distributionOf(this.exact);
    const at = (share: number) => this.quantile(share);
    return { mean: this.sum / this.count, p50: at(0.5), p90: at(0.9), p99: at(0.99) };
  }

  private quantile(share: number): number {
    const rank = Math.ceil(share * this.count);
    let seen = 0;
    for (let i = 0; i < BUCKETS; i++) {
      seen += this.buckets![i]!;
      if (seen >= rank) return (2 * SMALLEST * GAMMA ** (i + 1)) / (1 + GAMMA);
    }
    return SMALLEST * GAMMA ** BUCKETS;
  }

  private fold(): void {
    if (this.exact === undefined) return;
    this.buckets = new Float64Array(BUCKETS);
    for (const value of this.exact) this.buckets[bucketOf(value)]! += 1;
    this.exact = undefined;
  }
}

/** Bucket i holds what is above SMALLEST·γ^i and at most SMALLEST·γ^(i + 1). */
function bucketOf(value: number): number {
  if (!(value > SMALLEST)) return 0;
  return Math.min(BUCKETS - 1, Math.max(0, Math.ceil(Math.log(value / SMALLEST) / LOG_GAMMA) - 1));
}
