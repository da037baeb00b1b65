import type { Cancel, Clock } from '#contract/clock.js';
import type { Milliseconds } from '#contract/units.js';

/** One task at a time that is due so long after a request arrived. */
export class TimeLimit {
  private cancel: Cancel | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly arrivedAt: Milliseconds,
  ) {}

  /** Sets the task, in the place of the one before. @param byMs since the arrival; `undefined` for no limit. */
  set(byMs: Milliseconds | undefined, task: () => void): void {
    this.clear();
    if (byMs === undefined) return;
    this.cancel = this.clock.after(Math.max(0, this.arrivedAt + byMs - this.clock.now()), task);
  }

  clear(): void {
    this.cancel?.();
    this.cancel = undefined;
  }
}
