import type { Cancel, Clock } from '#contract/clock.js';
import type { SharedCounter, SharedCounters } from '#contract/shared-counters.js';
import type { Milliseconds } from '#contract/units.js';
import { ExchangedCounter, type Surroundings } from './counter.js';
import { type Exchange, GONE_AFTER } from './exchange.js';

export interface ExchangedCountersOptions {
  readonly exchange: Exchange;
  readonly clock: Clock;
  /** Another one for each process. */
  readonly process: string;
  /** Time between two exchanges; 100 ms unless said. */
  readonly everyMs?: Milliseconds;
  /** Processes to reckon with until the others have been heard; 1 unless said. */
  readonly assumed?: number;
  /** As where they meet; see {@link GONE_AFTER}, which it is unless said. */
  readonly goneAfter?: Milliseconds;
  /** Told when the others are no longer heard, and when they are heard again. */
  readonly onChange?: (connected: boolean, reason: string) => void;
}

/** Counters that are told of at once; further ones wait for the next exchange. */
const MOST_TOLD = 2000;
/** Counters that are kept; the oldest on which nothing was counted goes first. */
const MOST_KEPT = 20_000;
const FORGET_EVERY: Milliseconds = 1000;

/**
 * Counters whose sums go around between processes. Each tells what it has counted in all rather than what is new: a message that came
 * twice, or not, or to a memory that has forgotten everything, does no harm. Nothing counted is lost while its process lives.
 */
export class ExchangedCounters implements SharedCounters, Surroundings {
  readonly clock: Clock;
  /** Nothing before the first exchange. */
  heard: boolean | undefined;
  shortages = 0;
  contentions = 0;
  freshAt = Number.NEGATIVE_INFINITY;
  private readonly counters = new Map<string, ExchangedCounter>();
  private known: number;
  private forgotAt = Number.NEGATIVE_INFINITY;
  private memory: string | undefined;
  /** When the others were first heard, heard again, or by another memory. */
  private since: Milliseconds = Number.POSITIVE_INFINITY;
  private running: Promise<boolean> | undefined;
  private following: Promise<boolean> | undefined;
  private timer: Cancel | undefined;
  private closed = false;

  constructor(private readonly options: ExchangedCountersOptions) {
    this.clock = options.clock;
    this.known = Math.max(1, options.assumed ?? 1);
    this.plan();
  }

  get processes(): number {
    return this.known;
  }

  get connected(): boolean {
    return this.heard === true;
  }

  get settled(): boolean {
    return this.heard === true && this.clock.now() - this.since >= (this.options.goneAfter ?? GONE_AFTER);
  }

  counter(name: string, until: Milliseconds): SharedCounter {
    const known = this.counters.get(name);
    if (known !== undefined) {
      known.until = Math.max(known.until, until);
      return known;
    }
    if (this.counters.size >= MOST_KEPT) this.forget(true);
    const counter = new ExchangedCounter(this, name, until);
    this.counters.set(name, counter);
    return counter;
  }

  exchange(): Promise<boolean> {
    if (this.running === undefined) return this.begin();
    this.following ??= this.running.then(() => {
      this.following = undefined;
      return this.begin();
    });
    return this.following;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.timer?.();
    await this.exchange();
    await this.options.exchange.close();
  }

  short(contended: boolean): void {
    this.shortages++;
    if (contended) this.contentions++;
  }

  private plan(): void {
    this.timer = this.clock.after(this.options.everyMs ?? 100, () => {
      void (this.running ?? this.begin()).finally(() => {
        if (!this.closed) this.plan();
      });
    });
  }

  private begin(): Promise<boolean> {
    this.running = this.swap().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  private async swap(): Promise<boolean> {
    const { exchange, process } = this.options;
    const now = this.clock.now();
    if (now - this.forgotAt >= FORGET_EVERY) this.forget(false);
    const due = this.dueNow(now);
    const told = due.map(counter => counter.tell(now));
    try {
      const { processes, memory, age, counts } = await exchange.swap(process, told, this.memory);
      if (memory !== this.memory) {
        // The place where they meet has forgotten everything: it is told everything again.
        if (this.memory !== undefined) {
          for (const counter of this.counters.values()) counter.forgotten();
          this.since = now;
        }
        this.memory = memory;
      }
      if (this.heard !== true) this.since = now;
      this.known = Math.max(1, processes);
      this.freshAt = now - age;
      for (let i = 0; i < due.length; i++) due[i]!.hear(told[i]!, counts[i]!);
      if (this.settled) for (const counter of this.counters.values()) counter.remembered();
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

  /** What somebody waits for, then what has changed or was asked for lately. */
  private dueNow(now: Milliseconds): ExchangedCounter[] {
    const urgent: ExchangedCounter[] = [];
    const others: ExchangedCounter[] = [];
    for (const counter of this.counters.values()) {
      const urgency = counter.urgency(now);
      if (urgency > 0) (urgency === 2 ? urgent : others).push(counter);
    }
    if (urgent.length + others.length <= MOST_TOLD) return [...urgent, ...others];
    return [...urgent, ...others.sort((a, b) => a.toldAt - b.toldAt)].slice(0, MOST_TOLD);
  }

  private forget(full: boolean): void {
    this.forgotAt = this.clock.now();
    const wall = this.clock.wall();
    for (const [name, counter] of this.counters) {
      if (counter.until <= wall && counter.held === 0) this.counters.delete(name);
    }
    if (!full || this.counters.size < MOST_KEPT) return;
    for (const [name, counter] of this.counters) {
      if (!counter.unused) continue;
      this.counters.delete(name);
      return;
    }
  }
}
