import type { Cancel, Clock } from '#contract/clock.js';

interface Task {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that moves only when told to. Tasks run in the order of their times, and of their setting where times are equal. */
export class VirtualClock implements Clock {
  private time: number;
  private order = 0;
  private readonly tasks = new Set<Task>();

  constructor(start = 0) {
    this.time = start;
  }

  now(): number {
    return this.time;
  }

  wall(): number {
    return 1_700_000_000_000 + this.time;
  }

  after(delay: number, run: () => void): Cancel {
    const task = { at: this.time + Math.max(0, delay), order: this.order++, run };
    this.tasks.add(task);
    return () => {
      this.tasks.delete(task);
    };
  }

  /** Tasks that are still to run. */
  get pending(): number {
    return this.tasks.size;
  }

  /** Lets time pass, running what falls due on the way. */
  advance(ms: number): void {
    const until = this.time + ms;
    for (let task = this.due(until); task !== undefined; task = this.due(until)) {
      this.tasks.delete(task);
      this.time = Math.max(this.time, task.at);
      task.run();
    }
    this.time = until;
  }

  private due(until: number): Task | undefined {
    let first: Task | undefined;
    for (const task of this.tasks) {
      if (task.at > until) continue;
      if (first === undefined || task.at < first.at || (task.at === first.at && task.order < first.order)) first = task;
    }
    return first;
  }
}
