import { randomUUID } from 'node:crypto';
import type { Clock } from '#contract/clock.js';
import type { Milliseconds } from '#contract/units.js';
import { type Exchange, type Heard, type HeardCount, KEPT_FOR, type Told } from './exchange.js';

/** What a process last told of a count. */
interface Part {
  readonly own: number;
  readonly held: number;
  readonly claim: number;
  /** Since when it has been short of room that others claim; infinite when it is not. */
  readonly shortSince: Milliseconds;
}

interface Count {
  readonly parts: Map<string, Part>;
  toldAt: Milliseconds;
}

export interface CounterHubOptions {
  readonly clock: Clock;
  /** Time after which a process that is not heard is taken for ended; never unless said: {@link CounterHub.gone} tells. */
  readonly goneAfter?: Milliseconds;
  /** Told when a process is short of room that others claim: they should be asked soon. */
  readonly onShort?: () => void;
}

/** Where processes of one machine meet: the counts, in the memory of one of them. `redis-exchange.ts` does the very same. */
export class CounterHub implements Exchange {
  private readonly memory = randomUUID();
  private readonly counts = new Map<string, Count>();
  private readonly seen = new Map<string, Milliseconds>();
  private readonly goneAfter: Milliseconds;
  private grantsFrom = Number.NEGATIVE_INFINITY;
  private sweptAt = 0;

  constructor(private readonly options: CounterHubOptions) {
    this.goneAfter = options.goneAfter ?? Number.POSITIVE_INFINITY;
  }

  async swap(process: string, told: readonly Told[], memory?: string): Promise<Heard> {
    const now = this.options.clock.now();
    if (memory !== undefined && memory !== this.memory) this.grantsFrom = now + this.goneAfter;
    this.seen.set(process, now);
    let oldest = now;
    for (const [other, at] of this.seen) {
      if (now - at > this.goneAfter) this.seen.delete(other);
      else oldest = Math.min(oldest, at);
    }
    this.sweep(now);
    const counts = told.map(one => this.count(process, one, now));
    return { processes: this.seen.size, memory: this.memory, age: now - oldest, counts };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** A process has ended: its claims and what it held are free, what it spent stays spent. */
  gone(process: string): void {
    this.seen.delete(process);
  }

  private count(process: string, { name, own, held, claim, wants }: Told, now: Milliseconds): HeardCount {
    let count = this.counts.get(name);
    if (count === undefined) {
      count = { parts: new Map(), toldAt: now };
      this.counts.set(name, count);
    }
    count.toldAt = now;
    let others = 0;
    let othersHeld = 0;
    let claimed = 0;
    let shortest = Number.POSITIVE_INFINITY;
    for (const [other, its] of count.parts) {
      if (other === process) continue;
      others += its.own;
      if (!this.seen.has(other)) {
        if (its.own === 0) count.parts.delete(other);
        continue;
      }
      othersHeld += its.held;
      claimed += its.claim - its.own;
      shortest = Math.min(shortest, its.shortSince);
    }
    const inUse = own + held;
    let granted = claim;
    let keep = inUse;
    let shortSince = Number.POSITIVE_INFINITY;
    if (wants !== undefined) {
      const { need } = wants;
      const left = wants.left - (others - wants.others);
      const since = Math.min(now, count.parts.get(process)?.shortSince ?? now);
      // Who has been short for longer is served first: until then, all others keep no more than they use.
      const yields = shortest < (need > 0 ? since : Number.POSITIVE_INFINITY);
      if (!yields) keep = Math.max(inUse + need, own + Math.ceil(left / this.seen.size));
      const reachable = Math.min(own + left - claimed, keep);
      const enough = reachable - inUse >= need;
      if (now >= this.grantsFrom && enough) granted = Math.max(claim, reachable);
      if (need > 0 && granted - inUse < need) {
        this.options.onShort?.();
        // Nobody need give up a claim for what others hold.
        if (left - held - othersHeld >= need) shortSince = since;
      }
    }
    count.parts.set(process, { own, held, claim: granted, shortSince });
    return { others, othersHeld, claim: granted, keep: Math.min(granted, keep) };
  }

  private sweep(now: Milliseconds): void {
    if (now - this.sweptAt < 1000) return;
    this.sweptAt = now;
    for (const [name, { toldAt }] of this.counts) if (now - toldAt > KEPT_FOR) this.counts.delete(name);
  }
}
