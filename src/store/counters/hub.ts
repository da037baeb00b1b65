import { randomUUID } from 'node:crypto';
import type { Clock } from '#contract/clock.js';
import type { CounterKind } from '#contract/shared-counters.js';
import type { Milliseconds } from '#contract/units.js';
import { type Exchange, GONE_AFTER, type Heard, type HeardCount, type Told } from './exchange.js';

interface Count {
  readonly kind: CounterKind;
  readonly until: Milliseconds;
  readonly by: Map<string, { own: number; claim: number }>;
}

/** Where processes of one machine meet: the counts, in the memory of one of them. `redis-exchange.ts` does the very same. */
export class CounterHub implements Exchange {
  private readonly memory = randomUUID();
  private readonly counts = new Map<string, Count>();
  private readonly seen = new Map<string, Milliseconds>();
  private grantsFrom = Number.NEGATIVE_INFINITY;
  private sweptAt = 0;

  /** @param goneAfter see {@link GONE_AFTER}. */
  constructor(
    private readonly clock: Clock,
    private readonly goneAfter: Milliseconds = GONE_AFTER,
  ) {}

  async swap(process: string, told: readonly Told[], memory?: string): Promise<Heard> {
    const now = this.clock.now();
    if (memory !== undefined && memory !== this.memory) this.grantsFrom = now + this.goneAfter;
    this.seen.set(process, now);
    for (const [other, at] of this.seen) if (now - at > this.goneAfter) this.seen.delete(other);
    this.sweep();
    const counts = told.map(one => this.count(process, one, now));
    return { processes: this.seen.size, memory: this.memory, time: this.clock.wall(), counts };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** A process has ended: its claims and what it held are free, what it spent stays spent. */
  gone(process: string): void {
    this.seen.delete(process);
  }

  private count(process: string, { name, kind, own, claim, wants, until }: Told, now: Milliseconds): HeardCount {
    let count = this.counts.get(name);
    if (count === undefined) {
      count = { kind, until, by: new Map() };
      this.counts.set(name, count);
    }
    let others = 0;
    let claimed = 0;
    for (const [other, its] of count.by) {
      if (other === process) continue;
      const lives = this.seen.has(other);
      if (lives || kind === 'spent') others += its.own;
      if (lives) claimed += its.claim;
      else if (kind === 'spent') claimed += its.own;
    }
    let granted = own;
    if (wants !== undefined) {
      const left = wants.left - (others - wants.others);
      const free = left - (claimed - others);
      if (now < this.grantsFrom) granted = claim;
      else granted = own + Math.max(0, Math.min(free, Math.ceil(left / this.seen.size)));
    }
    count.by.set(process, { own, claim: granted });
    return { others, claim: granted };
  }

  private sweep(): void {
    const wall = this.clock.wall();
    if (wall - this.sweptAt < 1000) return;
    this.sweptAt = wall;
    for (const [name, { until }] of this.counts) if (until <= wall) this.counts.delete(name);
  }
}
