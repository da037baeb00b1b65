import type { Milliseconds } from '#contract/units.js';

const SLOT: Milliseconds = 1000;
/** Sixty whole slots and the one that has begun: what falls out of the sum is at least 60 seconds old. */
const SLOTS = 61;

/**
 * Counts what happened in the last 60 seconds, in slots of one second. No 60 seconds hold more than the limit, however requests
 * bunch: a bucket that refills would allow twice as much, a counter per minute of the clock as well. A clock that is set back holds up
 * what is counted for a minute at most. 500 bytes.
 */
export class RateWindow {
  private readonly counts = new Float64Array(SLOTS);
  private newest = Number.NEGATIVE_INFINITY;
  /** Slots by which the clock was set back: time goes on here from where it was. */
  private ahead = 0;
  private sum = 0;

  constructor(public limit: number) {}

  /** How much room there is. */
  remaining(now: Milliseconds): number {
    this.advance(now);
    return Math.max(0, this.limit - this.sum);
  }

  /** What stands in the window. */
  used(now: Milliseconds): number {
    this.advance(now);
    return this.sum;
  }

  /** Counts an amount now. @returns the slot to {@link RateWindow.correct} it in. */
  add(now: Milliseconds, amount: number): number {
    this.advance(now);
    this.put(this.newest, amount);
    return this.newest;
  }

  /** Counts an amount at a time before now. What is too old to matter is not counted. */
  addAt(now: Milliseconds, at: Milliseconds, amount: number): void {
    this.advance(now);
    const slot = this.newest - Math.max(0, Math.floor(now / SLOT) - Math.floor(at / SLOT));
    if (slot > this.newest - SLOTS) this.put(slot, amount);
  }

  /** Changes what was counted in a slot. @returns whether that has not left the window yet. */
  correct(now: Milliseconds, slot: number, by: number): boolean {
    this.advance(now);
    const within = slot > this.newest - SLOTS && slot <= this.newest;
    if (within) this.put(slot, by);
    return within;
  }

  /** How long until there is room for an amount: at most 61 seconds, also for one that is more than the limit. */
  waitFor(now: Milliseconds, amount: number): Milliseconds {
    this.advance(now);
    let excess = this.sum + amount - this.limit;
    if (excess <= 0) return 0;
    for (let slot = this.newest - SLOTS + 1; slot <= this.newest; slot++) {
      excess -= this.counts[index(slot)]!;
      if (excess <= 0) return this.until(slot, now);
    }
    return SLOTS * SLOT;
  }

  /** How long until everything has left the window. */
  resetIn(now: Milliseconds): Milliseconds {
    this.advance(now);
    for (let slot = this.newest; slot > this.newest - SLOTS; slot--) {
      if (this.counts[index(slot)]! > 0) return this.until(slot, now);
    }
    return 0;
  }

  /** How long until a slot has left the window. */
  private until(slot: number, now: Milliseconds): Milliseconds {
    return (slot - this.ahead + SLOTS) * SLOT - now;
  }

  private put(slot: number, amount: number): void {
    const at = index(slot);
    this.counts[at] = this.counts[at]! + amount;
    this.sum += amount;
  }

  private advance(now: Milliseconds): void {
    const slot = Math.floor(now / SLOT) + this.ahead;
    if (slot < this.newest - SLOTS) this.ahead += this.newest - slot;
    if (slot <= this.newest) return;
    if (slot - this.newest >= SLOTS) {
      this.counts.fill(0);
      this.sum = 0;
    } else {
      for (let next = this.newest + 1; next <= slot; next++) {
        const at = index(next);
        this.sum -= this.counts[at]!;
        this.counts[at] = 0;
      }
    }
    this.newest = slot;
  }
}

function index(slot: number): number {
  return ((slot % SLOTS) + SLOTS) % SLOTS;
}
