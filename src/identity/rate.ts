import type { SharedCounter, SharedCounters } from '#contract/shared-counters.js';
import type { Milliseconds } from '#contract/units.js';
import { RateWindow } from './rate-window.js';

/** A shared count has one name for so long; then another begins, so that old ones can be forgotten. */
const SPAN: Milliseconds = 60_000;
/** What was counted under a name may matter for so long after its end. */
const AFTER: Milliseconds = 61_000;

/** What all count under one name, and how much of what others did has been taken in. */
interface Span {
  readonly at: number;
  readonly name: string;
  taken: number;
}

/** What a rate is, beside its window, where other processes count too. */
class SharedRate {
  /** What was used here. */
  readonly own = new RateWindow(0);
  held = 0;
  private now: Span | undefined;
  private before: Span | undefined;

  constructor(
    private readonly name: string,
    private readonly counters: SharedCounters,
  ) {}

  /** The counter of now. What others counted since the last time, by this name or the one before, goes into the window. */
  listen(now: Milliseconds, window: RateWindow): SharedCounter {
    const at = Math.floor(now / SPAN);
    if (this.now === undefined || at > this.now.at) {
      if (this.now !== undefined) this.counter(this.now).hold(-this.held);
      // Who was not asked in the minute before has still to hear of it.
      this.before = this.now?.at === at - 1 ? this.now : this.spanAt(at - 1);
      this.now = this.spanAt(at);
      this.counter(this.now).hold(this.held);
    }
    if (this.before !== undefined) this.take(now, this.before, window);
    return this.take(now, this.now, window);
  }

  private spanAt(at: number): Span {
    return { at, name: `${this.name} ${at}`, taken: 0 };
  }

  private take(now: Milliseconds, span: Span, window: RateWindow): SharedCounter {
    const counter = this.counter(span);
    const fresh = counter.others - span.taken;
    if (fresh > 0) {
      span.taken += fresh;
      window.addAt(now, Math.min(now, (span.at + 1) * SPAN - 1), fresh);
    }
    return counter;
  }

  private counter({ name, at }: Span): SharedCounter {
    return this.counters.counter(name, (at + 1) * SPAN + AFTER);
  }
}

/**
 * How much may happen in any 60 seconds, in all processes that share it together. What happens here is counted at once, what happens
 * elsewhere when it is heard of. What is reserved is held here, and counts for others once it is settled.
 */
export class Rate {
  private readonly window: RateWindow;
  private readonly shared: SharedRate | undefined;

  /** @param name the same in all processes, and of nothing else. */
  constructor(limit: number, name: string, counters: SharedCounters | undefined) {
    this.window = new RateWindow(limit);
    this.shared = counters === undefined ? undefined : new SharedRate(name, counters);
  }

  get limit(): number {
    return this.window.limit;
  }

  set limit(limit: number) {
    this.window.limit = limit;
  }

  /** How much of the limit is left for everyone. */
  remaining(now: Milliseconds): number {
    this.shared?.listen(now, this.window);
    return this.window.remaining(now);
  }

  /** Whether an amount may be used here now. */
  allows(now: Milliseconds, amount: number): boolean {
    const { shared, window } = this;
    if (shared === undefined) return window.remaining(now) >= amount;
    const counter = shared.listen(now, window);
    // What is held here stands in the window already.
    return counter.room(window.remaining(now) + shared.held, amount, shared.own.used(now)) >= amount;
  }

  /** Uses an amount up. */
  use(now: Milliseconds, amount: number): void {
    this.count(now, amount);
    this.window.add(now, amount);
  }

  /** Counts what is expected to be used. @returns the slot to {@link Rate.settle} it in. */
  reserve(now: Milliseconds, amount: number): number {
    this.hold(now, amount);
    return this.window.add(now, amount);
  }

  /**
   * Puts what was used in the place of what was reserved in a slot. Where that has left the window, which is so of every answer that
   * takes longer than a minute, what was used beyond it counts now.
   */
  settle(now: Milliseconds, slot: number, reserved: number, used: number): void {
    this.hold(now, -reserved);
    if (this.window.correct(now, slot, used - reserved)) this.count(now, used);
    else if (used > reserved) this.use(now, used - reserved);
  }

  /** How long until there is room for an amount: at most 61 seconds, also for one that is more than the limit. */
  waitFor(now: Milliseconds, amount: number): Milliseconds {
    return this.window.waitFor(now, amount);
  }

  /** How long until everything has left the window. */
  resetIn(now: Milliseconds): Milliseconds {
    return this.window.resetIn(now);
  }

  private hold(now: Milliseconds, amount: number): void {
    if (this.shared === undefined) return;
    this.shared.listen(now, this.window).hold(amount);
    this.shared.held += amount;
  }

  private count(now: Milliseconds, amount: number): void {
    if (this.shared === undefined || amount === 0) return;
    this.shared.listen(now, this.window).add(amount);
    this.shared.own.add(now, amount);
  }
}
