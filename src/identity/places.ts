import type { SharedCounter, SharedCounters } from '#contract/shared-counters.js';
import type { Milliseconds } from '#contract/units.js';

/** A count of places that nobody asks for may be forgotten after so long, unless some are taken. */
const KEPT: Milliseconds = 60_000;

/** Requests open at once, in all processes that share the limit together. */
export class Places {
  limit = Number.POSITIVE_INFINITY;
  /** Taken in this process. */
  open = 0;
  /** Where it stands how many are taken here, while there is a limit. */
  private told: SharedCounter | undefined;

  /** @param name the same in all processes, and of nothing else. */
  constructor(
    private readonly name: string,
    private readonly counters: SharedCounters | undefined,
  ) {}

  /** Whether one more may be taken here. */
  free(now: Milliseconds): boolean {
    const counter = this.counter(now);
    return counter === undefined ? this.open < this.limit : counter.room(this.limit, 1) >= 1;
  }

  take(now: Milliseconds): void {
    this.open++;
    this.tell(now);
  }

  leave(now: Milliseconds): void {
    this.open--;
    this.tell(now);
  }

  /** Taken in all processes, as far as is known. */
  taken(now: Milliseconds): number {
    return this.open + (this.counter(now)?.othersHeld ?? 0);
  }

  private tell(now: Milliseconds): void {
    const counter = this.counter(now);
    // A limit may have come while places were taken, or gone: then they are given back to the others at once.
    if (counter === undefined) this.told?.hold(-this.told.held);
    else counter.hold(this.open - counter.held);
    this.told = counter;
  }

  private counter(now: Milliseconds): SharedCounter | undefined {
    return Number.isFinite(this.limit) ? this.counters?.counter(this.name, now + KEPT) : undefined;
  }
}
