import type { Milliseconds } from '#contract/units.js';

/** Weights of the latest batch in the mean and in the deviation, and how many deviations may be lost to chance. */
const MEAN_GAIN = 1 / 8;
const DEVIATION_GAIN = 1 / 4;
const DEVIATIONS = 2;

/**
 * What a unit of work takes, learned from batches as they end: a moving mean and a moving mean deviation, as TCP learns its round trips
 * (Jacobson, 1988; RFC 6298). 0 until the first batch.
 */
export class ServiceTime {
  private mean = 0;
  private deviation = 0;

  /** @param work units of work in a batch; @param ms what it took from being given away until its answer was there. */
  took(work: number, ms: Milliseconds): void {
    if (work <= 0) return;
    const each = ms / work;
    if (this.mean === 0) {
      this.mean = each;
      this.deviation = each / 2;
      return;
    }
    this.deviation += DEVIATION_GAIN * (Math.abs(each - this.mean) - this.deviation);
    this.mean += MEAN_GAIN * (each - this.mean);
  }

  /** Milliseconds that so much work is likely to take. */
  expected(work: number): Milliseconds {
    return work * this.mean;
  }

  /** Milliseconds that so much work will hardly exceed. */
  prudent(work: number): Milliseconds {
    return work * (this.mean + DEVIATIONS * this.deviation);
  }
}
