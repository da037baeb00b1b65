import type { Milliseconds } from '#contract/units.js';
import type { VirtualClock } from './virtual-clock.js';

/** Whoever waits for the first token of an attempt. */
export interface AwaitsToken {
  late(): void;
}

/** One attempt's time limit. Whoever no longer waits takes its name off: the limit itself stays in line until it is due. */
export interface Deadline {
  who: AwaitsToken | undefined;
  readonly due: Milliseconds;
}

/**
 * The time limit to the first token of all attempts in one pool. All have as long, so they come due in the order of sending, and one task
 * at a time is on the clock.
 */
export class FirstTokenLimit {
  private line: Deadline[] = [];
  private head = 0;
  private set = false;

  constructor(
    private readonly clock: VirtualClock,
    private readonly limitMs: Milliseconds,
  ) {}

  add(who: AwaitsToken): Deadline {
    const deadline = { who, due: this.clock.now() + this.limitMs };
    this.line.push(deadline);
    if (!this.set) this.wait();
    return deadline;
  }

  /** Sets the task for the first that still waits. */
  private wait(): void {
    while (this.head < this.line.length) {
      const { who, due } = this.line[this.head]!;
      if (who !== undefined) {
        this.set = true;
        this.clock.at(due, () => this.check());
        break;
      }
      this.head++;
    }
    if (this.head > 1024 && this.head * 2 > this.line.length) {
      this.line = this.line.slice(this.head);
      this.head = 0;
    }
  }

  private check(): void {
    this.set = false;
    const now = this.clock.now();
    for (let first = this.line[this.head]; first !== undefined && first.due <= now; first = this.line[this.head]) {
      this.head++;
      first.who?.late();
    }
    if (!this.set) this.wait();
  }
}
