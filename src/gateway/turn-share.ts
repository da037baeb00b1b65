import type { Clock } from '#contract/clock.js';
import type { Milliseconds } from '#contract/units.js';

/** What beginnings may take of one turn: with the answers of the same turn it keeps timers less than 10 ms late under full load (`npm run bench -- --soak`). */
const SHARE: Milliseconds = 1;

/**
 * Spreads work over turns of the event loop. A burst that arrives in one turn (bodies that became whole together) would hold up timers, probes and
 * the streams of others for as long as all of it takes; what exceeds {@link SHARE} waits for the next turn, in order. Nothing is lost by it:
 * the sum of the work is the same.
 */
export class TurnShare {
  private waiting: Array<() => void> = [];
  private begunAt: Milliseconds = 0;
  private scheduled = false;

  /** @param later runs its callback after the events at hand have been handled (`setImmediate`). */
  constructor(
    private readonly clock: Clock,
    private readonly later: (callback: () => void) => void,
  ) {}

  /** Does the work now if this turn can bear it and nothing waits, else in one of the next turns. */
  run(work: () => void): void {
    if (!this.scheduled) {
      this.scheduled = true;
      this.begunAt = this.clock.now();
      this.later(this.onTurn);
    } else if (this.waiting.length > 0 || this.clock.now() - this.begunAt >= SHARE) {
      this.waiting.push(work);
      return;
    }
    work();
  }

  private readonly onTurn = (): void => {
    const { waiting } = this;
    if (waiting.length === 0) {
      this.scheduled = false;
      return;
    }
    this.begunAt = this.clock.now();
    let done = 0;
    try {
      do waiting[done++]?.();
      while (done < waiting.length && this.clock.now() - this.begunAt < SHARE);
    } finally {
      this.waiting = done < waiting.length ? waiting.slice(done) : [];
      // Also when nothing is left: only the next turn ends this one's share, to which what arrives until then belongs.
      this.later(this.onTurn);
    }
  };
}
