import type { Milliseconds, Tokens } from '#contract/units.js';

/**
 * How evenly load is spread: tokens in flight on each replica, averaged over the time of each window. A request's prompt and
 * answer count from its arrival to its last token.
 */
export class LoadWindows {
  private readonly tokens: Float64Array;
  private readonly integrals: Float64Array;
  private readonly ratios: number[] = [];
  private readonly snapshots: number[] = [];
  private time: Milliseconds = 0;
  private index = 1;

  constructor(
    replicas: number,
    private readonly windowMs: Milliseconds = 10_000,
  ) {
    this.tokens = new Float64Array(replicas);
    this.integrals = new Float64Array(replicas);
  }

  add(replica: number, tokens: Tokens, now: Milliseconds): void {
    this.advance(now);
    this.tokens[replica]! += tokens;
  }

  /** Takes the momentary ratio of the most loaded replica to the mean. */
  sample(): void {
    const ratio = maxOverMean(this.tokens);
    if (ratio !== undefined) this.snapshots.push(ratio);
  }

  /** Ratio of the most loaded replica to the mean, one for each whole window so far in which there was any load. */
  get perWindow(): readonly number[] {
    return this.ratios;
  }

  /** The same at each {@link sample}. */
  get momentary(): readonly number[] {
    return this.snapshots;
  }

  /** Lets time pass. */
  advance(now: Milliseconds): void {
    while (this.index * this.windowMs <= now) {
      this.accrue(this.index * this.windowMs);
      const ratio = maxOverMean(this.integrals);
      if (ratio !== undefined) this.ratios.push(ratio);
      this.integrals.fill(0);
      this.index++;
    }
    this.accrue(now);
  }

  private accrue(until: Milliseconds): void {
    const passed = until - this.time;
    if (passed <= 0) return;
    for (let i = 0; i < this.tokens.length; i++) this.integrals[i]! += this.tokens[i]! * passed;
    this.time = until;
  }
}

function maxOverMean(values: Float64Array): number | undefined {
  let most = 0;
  let sum = 0;
  for (const value of values) {
    sum += value;
    if (value > most) most = value;
  }
  return sum > 0 ? (most * values.length) / sum : undefined;
}
