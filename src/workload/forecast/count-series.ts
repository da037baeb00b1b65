import type { Milliseconds } from '#contract/units.js';

/** Counts of spans of one length that follow one another, oldest first. */
export interface CountSeries {
  /** Beginning of the first span, in the time of some clock. */
  readonly from: Milliseconds;
  readonly stepMs: Milliseconds;
  readonly counts: readonly number[];
}

/** A series from its first span with a count on: before that nothing was measured, and zeroes would teach a rise that never was. */
export function sinceFirst({ from, stepMs, counts }: CountSeries): CountSeries {
  const first = counts.findIndex(count => count > 0);
  return first < 0
    ? { from, stepMs, counts: [] }
    : { from: from + first * stepMs, stepMs, counts: counts.slice(first) };
}

/** Counts what comes in spans of one length; keeps the last so many. */
export class SpanCounts {
  private from: Milliseconds | undefined;
  private counts: number[] = [];

  constructor(
    private readonly stepMs: Milliseconds,
    private readonly keep: number,
  ) {}

  /** @param at not before the span of what was added last. */
  add(at: Milliseconds, count: number): void {
    this.counts[this.reach(at)]! += count;
  }

  /** The spans that have ended by `now`; none before the first that was added to. */
  whole(now: Milliseconds): CountSeries {
    const { stepMs } = this;
    if (this.from === undefined) return { from: 0, stepMs, counts: [] };
    const open = this.reach(now);
    return { from: this.from, stepMs, counts: this.counts.slice(0, open) };
  }

  /** Index of the span of a time, up to which there are counts now. */
  private reach(at: Milliseconds): number {
    const start = Math.floor(at / this.stepMs) * this.stepMs;
    this.from ??= start;
    const index = Math.round((start - this.from) / this.stepMs);
    const surplus = index - this.keep;
    if (surplus <= 0) {
      while (this.counts.length <= index) this.counts.push(0);
      return index;
    }
    this.counts.splice(0, surplus);
    this.from += surplus * this.stepMs;
    while (this.counts.length <= this.keep) this.counts.push(0);
    return this.keep;
  }
}
