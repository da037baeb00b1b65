import type { Cancel, Clock } from '#contract/clock.js';
import type { Milliseconds } from '#contract/units.js';

/** Does things later than they happened, in the order in which they happened: `factor` times as long after its start. */
export class DelayLine {
  private readonly start: Milliseconds;
  private readonly due: { readonly at: Milliseconds; readonly task: () => void }[] = [];
  private cancelTimer: Cancel | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly factor: number,
  ) {
    this.start = clock.now();
  }

  push(task: () => void): void {
    const now = this.clock.now();
    this.due.push({ at: now + (now - this.start) * (this.factor - 1), task });
    if (this.due.length === 1) this.arm();
  }

  clear(): void {
    this.cancelTimer?.();
    this.due.length = 0;
  }

  private arm(): void {
    const next = this.due[0];
    if (next === undefined) return;
    this.cancelTimer = this.clock.after(Math.max(0, next.at - this.clock.now()), () => {
      this.due.shift()?.task();
      this.arm();
    });
  }
}
