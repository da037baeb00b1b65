import type { Milliseconds } from '#contract/units.js';
import type { VirtualClock } from './virtual-clock.js';

/** Whoever waits for the first token of an attempt. */
export interface AwaitsToken {
  readonly attempts: number;
  /** Whether that attempt is still under way and has brought nothing. */
  awaits(attempt: number): boolean;
  late(attempt: number): void;
}

interface Entry {
  readonly who: AwaitsToken;
  readonly attempt: number;
  readonly due: Milliseconds;
}

/**
 * The time limit to the first token of all attempts in one pool. All have as long, so they come due in the order of sending, and one task
 * at a time is on the clock.
 */
export class FirstTokenLimit {
  private line: Entry[] = [];
  private head = 0;
  private set = false;

  constructor(
    private readonly clock: VirtualClock,
    private readonly limitMs: Milliseconds,
  ) {}

  add(who: AwaitsToken): void {
    this.line.push({ who, attempt: who.attempts, due: this.clock.now() + this.limitMs });
    if (!this.set) this.wait();
  }

  private wait(): void {
    while (this.head < this.line.length) {
      const { who, attempt, due } = this.line[this.head]!;
      if (who.awaits(attempt)) {
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
    for (let entry = this.line[this.head]; entry !== undefined && entry.due <= now; entry = this.line[this.head]) {
      this.head++;
      if (entry.who.awaits(entry.attempt)) entry.who.late(entry.attempt);
    }
    if (!this.set) this.wait();
  }
}
