import type { Cancel, Clock } from '#contract/clock.js';
import type { Milliseconds } from '#contract/units.js';
import { EventHeap } from './event-heap.js';

/**
 * Time that passes only by running what is due: the twin's clock. Tasks run in the order of their times, and of their setting
 * where times are equal, so that the same run always gives the same results.
 */
export class VirtualClock implements Clock {
  private readonly tasks = new EventHeap<{ cancelled: boolean; readonly run: () => void }>();
  private time: Milliseconds = 0;

  /** @param epoch the wall time at which virtual time begins. */
  constructor(private readonly epoch: Milliseconds = 0) {}

  now(): Milliseconds {
    return this.time;
  }

  wall(): Milliseconds {
    return this.epoch + this.time;
  }

  after(delay: Milliseconds, task: () => void): Cancel {
    return this.at(this.time + delay, task);
  }

  /** Runs `task` at a time; at once, but not before what is due already, when that has passed. */
  at(time: Milliseconds, task: () => void): Cancel {
    const entry = { cancelled: false, run: task };
    this.tasks.push(Math.max(this.time, time), entry);
    return () => {
      entry.cancelled = true;
    };
  }

  /** Lets time pass until nothing is left to do, or until `end`. */
  run(end: Milliseconds = Number.POSITIVE_INFINITY): void {
    while (this.tasks.next <= end && this.tasks.size > 0) {
      const at = this.tasks.next;
      const task = this.tasks.pop();
      if (task === undefined || task.cancelled) continue;
      this.time = at;
      task.run();
    }
    if (Number.isFinite(end) && end > this.time) this.time = end;
  }
}
