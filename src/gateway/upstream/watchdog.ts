import type { Cancel, Clock } from '#contract/clock.js';
import type { Milliseconds } from '#contract/units.js';
import { Roster, type Rostered } from '#gateway/roster.js';

/** Something that must make progress before its deadline. */
export interface Watched extends Rostered {
  /** {@link Clock.now} by which something must have happened; moved on with every sign of life. */
  deadline: Milliseconds;
  expired(): void;
}

const SWEEP_MS = 50;

/**
 * Time limits for many calls with one timer: every call carries a deadline, and a sweep looks at all of them. A limit is thereby
 * met up to {@link SWEEP_MS} late, and a call costs no timer of its own.
 */
export class Watchdog {
  private readonly calls = new Roster<Watched>();
  private next: Cancel | undefined;

  constructor(private readonly clock: Clock) {}

  watch(call: Watched): void {
    this.calls.add(call);
    this.next ??= this.clock.after(SWEEP_MS, this.sweep);
  }

  release(call: Watched): void {
    this.calls.delete(call);
  }

  private readonly sweep = (): void => {
    const now = this.clock.now();
    this.calls.forEach(call => {
      if (call.deadline > now) return;
      this.calls.delete(call);
      call.expired();
    });
    this.next = this.calls.size === 0 ? undefined : this.clock.after(SWEEP_MS, this.sweep);
  };
}
