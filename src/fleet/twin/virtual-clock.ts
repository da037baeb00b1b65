import type { Cancel, Clock } from '#contract/clock.js';
import type { Milliseconds } from '#contract/units.js';
import { EventHeap } from './event-heap.js';

interface Task {
  cancelled: boolean;
  readonly run: () => void;
}

/**
 * Time that passes only by running what is due: the twin's clock. Tasks run in the order of their times, and of their setting
 * where times are equal, so that the same run always gives the same results.
 */
export class VirtualClock implements Clock {
  private readonly tasks = new EventHeap<Task>();
  /** Tasks that concern nobody but who set them; due together with others, they come after them. */
  private readonly quiet = new EventHeap<() => void>();
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

  /** As {@link at}, for what concerns only who sets it: it comes after all tasks of the same time. */
  quietlyAt(time: Milliseconds, task: () => void): void {
    this.quiet.push(Math.max(this.time, time), task);
  }

  /** Lets time pass until nothing is left to do, or until `end`, what is due then included. */
  run(end: Milliseconds = Number.POSITIVE_INFINITY): void {
    while (this.next <= end && this.step());
    if (Number.isFinite(end) && end > this.time) this.time = end;
  }

  /** Lets time pass until just before `end`: what is due then is not run. */
  runBefore(end: Milliseconds): void {
    while (this.next < end && this.step());
    if (end > this.time) this.time = end;
  }

  /** Runs what is due next. @returns whether there was anything. */
  step(): boolean {
    const at = this.next;
    if (this.tasks.next <= this.quiet.next) {
      const task = this.tasks.pop();
      if (task === undefined) return false;
      if (task.cancelled) return true;
      this.time = at;
      task.run();
      return true;
    }
    const task = this.quiet.pop()!;
    this.time = at;
    task();
    return true;
  }

  private get next(): Milliseconds {
    return Math.min(this.tasks.next, this.quiet.next);
  }
}
