import type { Milliseconds } from '#contract/units.js';

/** Four buckets a doubling from 1 ms on, so that a quantile read back is within 10 % of the true one. */
const PER_DOUBLING = 4;
const BUCKETS = 80;

/** Times in ms, counted in buckets of growing width: 1 ms to 17 minutes. */
export class TimeHistogram {
  private counts: Uint32Array | undefined;

  add(ms: Milliseconds): void {
    this.counts ??= new Uint32Array(BUCKETS);
    const bucket = ms <= 1 ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log2(ms) * PER_DOUBLING));
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
      if (seen > 0 && seen >= wanted) return i === 0 ? 1 : 2 ** ((i - 0.5) / PER_DOUBLING);
    }
    return undefined;
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
