import type { Milliseconds, Tokens } from '#contract/units.js';

/**
 * How evenly load is spread: tokens in flight on each replica, averaged over the time of each window. A request's prompt and
 * answer count from its arrival to its last token. Replicas may come and go: each has a slot while it is there.
 */
export class LoadWindows {
  private tokens: Float64Array;
  private integrals: Float64Array;
  /** Up to when each slot's integral goes. */
  private times: Float64Array;
  private readonly ratios: number[] = [];
  private readonly snapshots: number[] = [];
  private index = 1;
  /** Replicas that there are, over which the mean is taken. */
  live: number;

  constructor(
    replicas: number,
    private readonly windowMs: Milliseconds = 10_000,
  ) {
    this.live = replicas;
    this.tokens = new Float64Array(replicas);
    this.integrals = new Float64Array(replicas);
    this.times = new Float64Array(replicas);
  }

  add(slot: number, tokens: Tokens, now: Milliseconds): void {
    this.advance(now);
    if (slot >= this.tokens.length) this.grow(slot + 1);
    this.accrue(slot, now);
    this.tokens[slot]! += tokens;
  }

  /** Takes the momentary ratio of the most loaded replica to the mean. */
  sample(): void {
    const ratio = this.maxOverMean(this.tokens);
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

  /** Lets time pass: closes the windows that have ended. */
  advance(now: Milliseconds): void {
    while (this.index * this.windowMs <= now) {
      const end = this.index * this.windowMs;
      for (let slot = 0; slot < this.tokens.length; slot++) this.accrue(slot, end);
      const ratio = this.maxOverMean(this.integrals);
      if (ratio !== undefined) this.ratios.push(ratio);
      this.integrals.fill(0);
      this.index++;
    }
  }

  private accrue(slot: number, until: Milliseconds): void {
    const passed = until - this.times[slot]!;
    if (passed <= 0) return;
    this.integrals[slot]! += this.tokens[slot]! * passed;
    this.times[slot] = until;
  }

  private grow(slots: number): void {
    const wider = (from: Float64Array) => {
      const to = new Float64Array(2 * slots);
      to.set(from);
      return to;
    };
    this.tokens = wider(this.tokens);
    this.integrals = wider(this.integrals);
    this.times = wider(this.times).fill((this.index - 1) * this.windowMs, this.times.length);
  }

  private maxOverMean(values: Float64Array): number | undefined {
    let most = 0;
    let sum = 0;
    for (const value of values) {
      sum += value;
      if (value > most) most = value;
    }
    return sum > 0 ? (most * this.live) / sum : undefined;
  }
}
