import type { Milliseconds } from '#contract/units.js';

/** Four buckets a doubling from 1 ms on, so that a quantile read back is within 10 % of the true one. */
const PER_DOUBLING = 4;
const BUCKETS = 80;

/** Times in ms, or lengths in tokens, counted in buckets of growing width: 1 ms to 17 minutes, 1 to 2^20 tokens. */
export class TimeHistogram {
  private counts: Uint32Array | undefined;

  add(ms: Milliseconds): void {
    this.counts ??= new Uint32Array(BUCKETS);
    const bucket = bucketOf(ms);
    this.counts[bucket] = this.counts[bucket]! + 1;
  }

  merge({ counts }: TimeHistogram): void {
    if (counts === undefined) return;
    this.counts ??= new Uint32Array(BUCKETS);
    for (let i = 0; i < BUCKETS; i++) this.counts[i] = this.counts[i]! + counts[i]!;
  }

  /** The time that a share of all is within: the geometric middle of its bucket; `undefined` when nothing was counted. */
  quantile(share: number): Milliseconds | undefined {
    if (this.counts === undefined) return undefined;
    const wanted = share * this.counts.reduce((sum, count) => sum + count, 0);
    let seen = 0;
    for (let i = 0; i < BUCKETS; i++) {
      seen += this.counts[i]!;
      if (seen > 0 && seen >= wanted) return middleOf(i);
    }
    return undefined;
  }

  get count(): number {
    return this.counts?.reduce((sum, count) => sum + count, 0) ?? 0;
  }

  /** Share of values of at most `limit`, within the bucket that it lies in. */
  shareUpTo(limit: number): number {
    const { counts, count } = this;
    if (counts === undefined || count === 0) return 0;
    const last = bucketOf(limit);
    return counts.slice(0, last + 1).reduce((sum, one) => sum + one, 0) / count;
  }

  /** Squared coefficient of variation, each value counted as the middle of its bucket; 0 for none. */
  get cv2(): number {
    let [sum, squares, all] = [0, 0, 0];
    for (const [bucket, count] of this.toJSON()) {
      const middle = middleOf(bucket);
      sum += count * middle;
      squares += count * middle * middle;
      all += count;
    }
    return sum > 0 ? (squares * all) / (sum * sum) - 1 : 0;
  }

  /** Pairs of bucket and count. */
  toJSON(): [number, number][] {
    return [...(this.counts ?? [])].flatMap((count, bucket): [number, number][] =>
      count > 0 ? [[bucket, count]] : [],
    );
  }

  static from(pairs: readonly (readonly [number, number])[]): TimeHistogram {
    const histogram = new TimeHistogram();
    for (const [bucket, count] of pairs) {
      histogram.counts ??= new Uint32Array(BUCKETS);
      if (bucket >= 0 && bucket < BUCKETS) histogram.counts[bucket] = count;
    }
    return histogram;
  }
}

function bucketOf(value: number): number {
  return value <= 1 ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log2(value) * PER_DOUBLING));
}

function middleOf(bucket: number): number {
  return bucket === 0 ? 1 : 2 ** ((bucket - 0.5) / PER_DOUBLING);
}
