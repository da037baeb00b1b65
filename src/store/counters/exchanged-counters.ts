import type { Cancel, Clock } from '#contract/clock.js';
import type { CounterKind, SharedCounter, SharedCounters } from '#contract/shared-counters.js';
import type { Milliseconds } from '#contract/units.js';
import type { Exchange, HeardCount, Told } from './exchange.js';

export interface ExchangedCountersOptions {
  readonly exchange: Exchange;
  readonly clock: Clock;
  /** Another one for each process. */
  readonly process: string;
  /** Time between two exchanges; 100 ms unless said. */
  readonly everyMs?: Milliseconds;
  /** Processes to reckon with until the others have been heard; 1 unless said. */
  readonly assumed?: number;
  /** Told when the others are no longer heard, and when they are heard again. */
  readonly onChange?: (connected: boolean, reason: string) => void;
}

/** Counters that are told of at once; further ones wait for the next exchange. */
const MOST_TOLD = 2000;
/** Counters that are kept; the oldest that nobody asks for any more goes first. */
const MOST_KEPT = 20_000;
/** A counter that nobody asked for in this time is told of only when it has changed. */
const ASKED_LATELY: Milliseconds = 2000;
const FORGET_EVERY: Milliseconds = 1000;
/** Exchanges that somebody waits for are no closer to one another than this. */
const SOONEST: Milliseconds = 5;
/** Before a name was first exchanged, a process may use one of so many parts of its even share: others may have used it up. */
const FIRST_PARTS = 8;

/**
 * Counters whose sums go around between processes. Each tells what it has counted in all rather than what is new: a message that came
 * twice, or not, or to a memory that has forgotten everything, does no harm. Nothing counted is lost while its process lives.
 */
export class ExchangedCounters implements SharedCounters {
  private readonly counters = new Map<string, Counter>();
  private readonly everyMs: Milliseconds;
  private known: number;
  /** How far the time that all agree on is from this machine's. */
  private offset: Milliseconds = 0;
  private exchangedAt = Number.NEGATIVE_INFINITY;
  private forgotAt = Number.NEGATIVE_INFINITY;
  /** Nothing before the first exchange. */
  private heard: boolean | undefined;
  private memory: string | undefined;
  private running: Promise<boolean> | undefined;
  private timer: Cancel | undefined;
  private closed = false;

  constructor(private readonly options: ExchangedCountersOptions) {
    this.everyMs = options.everyMs ?? 100;
    this.known = Math.max(1, options.assumed ?? 1);
    this.plan();
  }

  get processes(): number {
    return this.known;
  }

  get connected(): boolean {
    return this.heard === true;
  }

  wall(): Milliseconds {
    return this.options.clock.wall() + this.offset;
  }

  counter(name: string, until: Milliseconds, kind: CounterKind = 'spent'): SharedCounter {
    const known = this.counters.get(name);
    if (known !== undefined) return known;
    if (this.counters.size >= MOST_KEPT) this.forget(true);
    const counter = new Counter(this, this.options.clock, name, kind, until);
    this.counters.set(name, counter);
    return counter;
  }

  exchange(): Promise<boolean> {
    this.running ??= this.swap().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.timer?.();
    await this.running;
    await this.exchange();
    await this.options.exchange.close();
  }

  private plan(): void {
    this.timer = this.options.clock.after(this.everyMs, () => {
      void this.exchange().finally(() => {
        if (!this.closed) this.plan();
      });
    });
  }

  /** Exchanges without waiting for the next turn: somebody is short of room. */
  soon(): void {
    if (this.heard === false || this.running !== undefined || this.closed) return;
    const { clock } = this.options;
    if (clock.now() - this.exchangedAt >= SOONEST) void this.exchange();
  }

  private async swap(): Promise<boolean> {
    const { clock, exchange, process } = this.options;
    const now = clock.now();
    this.exchangedAt = now;
    if (now - this.forgotAt >= FORGET_EVERY) this.forget(false);
    const due = this.dueNow(now);
    const told = due.map(counter => counter.tell(now));
    const sentAt = clock.wall();
    try {
      const { processes, memory, time, counts } = await exchange.swap(process, told, this.memory);
      if (memory !== this.memory) {
        // The place where they meet has forgotten everything: it is told everything again.
        for (const counter of this.counters.values()) counter.untold = counter.own !== 0;
        this.memory = memory;
      }
      this.offset = time - sentAt;
      this.known = Math.max(1, processes);
      for (let i = 0; i < due.length; i++) due[i]!.hear(told[i]!, counts[i]!);
      if (this.heard === false) this.changed(true, 'heard again');
      this.heard = true;
      return true;
    } catch (error) {
      if (this.heard !== false) this.changed(false, error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  private changed(heard: boolean, reason: string): void {
    this.heard = heard;
    this.options.onChange?.(heard, reason);
  }

  /** What has changed, and what somebody asks for. What was not told of yet goes first. */
  private dueNow(now: Milliseconds): Counter[] {
    const due: Counter[] = [];
    for (const counter of this.counters.values()) if (counter.untold && due.length < MOST_TOLD) due.push(counter);
    for (const counter of this.counters.values()) {
      if (due.length >= MOST_TOLD) break;
      if (counter.untold) continue;
      if (now - counter.askedAt < ASKED_LATELY || counter.idle(now)) due.push(counter);
    }
    return due;
  }

  private forget(full: boolean): void {
    this.forgotAt = this.options.clock.now();
    const wall = this.wall();
    for (const [name, counter] of this.counters) {
      if (counter.until > wall || (counter.kind === 'held' && counter.own !== 0)) continue;
      this.counters.delete(name);
    }
    if (!full || this.counters.size < MOST_KEPT) return;
    for (const [name, counter] of this.counters) {
      if (counter.untold || counter.own !== 0) continue;
      this.counters.delete(name);
      return;
    }
  }
}

class Counter implements SharedCounter {
  own = 0;
  others = 0;
  untold = false;
  /** When somebody last asked for room, or counted. */
  askedAt: Milliseconds;
  /** Up to where {@link Counter.own} may go; nothing before the first exchange. */
  private claim: number | undefined;
  /** What was left when somebody last asked, and what had been counted then. */
  private left = 0;
  private ownThen = 0;
  private othersThen = 0;

  constructor(
    private readonly among: ExchangedCounters,
    private readonly clock: Clock,
    readonly name: string,
    readonly kind: CounterKind,
    readonly until: Milliseconds,
  ) {
    this.askedAt = clock.now();
  }

  add(amount: number): void {
    this.own += amount;
    this.untold = true;
    this.askedAt = this.clock.now();
  }

  room(remaining: number): number {
    this.askedAt = this.clock.now();
    this.left = remaining;
    this.ownThen = this.own;
    this.othersThen = this.others;
    const { processes, connected } = this.among;
    if (processes <= 1) return remaining;
    if (this.claim === undefined) {
      this.among.soon();
      const parts = connected ? processes * FIRST_PARTS : processes;
      return Math.min(remaining, Math.ceil((remaining + this.own) / parts) - this.own);
    }
    const room = this.claim - this.own;
    if (room < remaining / processes / 2) this.among.soon();
    return Math.min(remaining, room);
  }

  /** Whether it keeps a claim that nobody has asked for lately. */
  idle(now: Milliseconds): boolean {
    return now - this.askedAt >= ASKED_LATELY && this.claim !== undefined && this.claim > this.own;
  }

  tell(now: Milliseconds): Told {
    const { name, kind, own, until, claim = own } = this;
    const wanted = now - this.askedAt < ASKED_LATELY;
    const wants = { left: this.left - (own - this.ownThen), others: this.othersThen };
    return { name, kind, own, claim: Math.max(own, claim), until, ...(wanted ? { wants } : undefined) };
  }

  /** The others' sum and the claim that this process has now. A memory that begins anew knows less of them than is known here. */
  hear(told: Told, { others, claim }: HeardCount): void {
    this.others = this.kind === 'held' ? others : Math.max(this.others, others);
    this.claim = claim;
    if (this.own === told.own) this.untold = false;
  }
}
