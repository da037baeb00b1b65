import type { Sequence } from './sequence.js';

/** First come, first served, except that preempted sequences go to the head. Taking one out is cheap; its place is skipped later. */
export class WaitingLine {
  private readonly preempted: Sequence[] = [];
  private arrived: Sequence[] = [];
  private head = 0;
  /** Places of sequences that are gone. */
  private holes = 0;

  get length(): number {
    return this.preempted.length + this.arrived.length - this.head - this.holes;
  }

  push(sequence: Sequence): void {
    this.arrived.push(sequence);
  }

  unshift(sequence: Sequence): void {
    this.preempted.push(sequence);
  }

  peek(): Sequence | undefined {
    const first = this.preempted.at(-1);
    if (first !== undefined) return first;
    while (this.arrived[this.head]?.state === 'gone') {
      this.head++;
      this.holes--;
    }
    return this.arrived[this.head];
  }

  shift(): Sequence | undefined {
    const first = this.peek();
    if (first === undefined) return undefined;
    if (this.preempted.length > 0) this.preempted.pop();
    else this.head++;
    this.trim();
    return first;
  }

  /** Takes out a sequence whose state is `gone`. */
  remove(sequence: Sequence): void {
    const at = this.preempted.indexOf(sequence);
    if (at >= 0) {
      this.preempted.splice(at, 1);
      return;
    }
    this.holes++;
    this.trim();
  }

  /** Keeps the array no longer than about twice what waits. */
  private trim(): void {
    const dead = this.head + this.holes;
    if (dead < 64 || dead * 2 < this.arrived.length) return;
    this.arrived = this.arrived.slice(this.head).filter(sequence => sequence.state !== 'gone');
    this.head = 0;
    this.holes = 0;
  }
}
