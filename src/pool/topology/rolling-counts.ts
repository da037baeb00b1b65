import type { Milliseconds } from '#contract/units.js';

const BUCKETS = 10;

/**
 * Successes and failures over a sliding window, in ten buckets: what leaves the window leaves in steps of a tenth of it.
 * Constant memory, constant time.
 */
export class RollingCounts {
  private readonly good = new Float64Array(BUCKETS);
  private readonly bad = new Float64Array(BUCKETS);
  private goodTotal = 0;
  private badTotal = 0;
  /** Number of the newest bucket since the beginning of time. */
  private newest = 0;
  private width: Milliseconds;

  constructor(window: Milliseconds) {
    this.width = window / BUCKETS;
  }

  /** Changes the window; what was counted so far is kept when it stays the same and dropped otherwise. */
  resize(window: Milliseconds): void {
    if (window / BUCKETS === this.width) return;
    this.width = window / BUCKETS;
    this.clear();
  }

  add(success: boolean, now: Milliseconds): void {
    this.advance(now);
    const slot = this.newest % BUCKETS;
    if (success) {
      this.good[slot]! += 1;
      this.goodTotal += 1;
    } else {
      this.bad[slot]! += 1;
      this.badTotal += 1;
    }
  }

  total(now: Milliseconds): number {
    this.advance(now);
    return this.goodTotal + this.badTotal;
  }

  failures(now: Milliseconds): number {
    this.advance(now);
    return this.badTotal;
  }

  clear(): void {
    this.good.fill(0);
    this.bad.fill(0);
    this.goodTotal = 0;
    this.badTotal = 0;
  }

  private advance(now: Milliseconds): void {
    const bucket = Math.max(0, Math.floor(now / this.width));
    if (bucket <= this.newest) return;
    if (bucket - this.newest >= BUCKETS) this.clear();
    else {
      for (let passed = this.newest + 1; passed <= bucket; passed++) {
        const slot = passed % BUCKETS;
        this.goodTotal -= this.good[slot]!;
        this.badTotal -= this.bad[slot]!;
        this.good[slot] = 0;
        this.bad[slot] = 0;
      }
    }
    this.newest = bucket;
  }
}
