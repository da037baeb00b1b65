import type { Budget, SubjectRef } from '#contract/identity.js';
import type { SharedCounter, SharedCounters } from '#contract/shared-counters.js';
import type { Milliseconds } from '#contract/units.js';
import { showUsd, toNano } from './money.js';
import { type Period, periodOf } from './period.js';

/** What one request is expected to use, and the most it could: what budgets hold back for it. */
export interface Quote {
  readonly expectedNanoUsd: number;
  readonly maximumNanoUsd: number;
  readonly expectedTokens: number;
  readonly maximumTokens: number;
}

/** Budgets with one key share what was spent: only the amounts and what is done about them differ. */
export function meterKey({ unit, window, timeZone }: Budget): string {
  return `${unit}/${window}/${timeZone}`;
}

/** The end of a budget that has none, as a time that crosses between processes. */
const NEVER: Milliseconds = Number.MAX_SAFE_INTEGER;

/**
 * One budget at work: what was spent in the period and what is held back for requests in flight. The period turns when a request
 * asks, so that an idle budget costs nothing. What is settled counts in the period in which it is settled.
 *
 * Where other processes count for the same budget, each has a claim on a part of what is left and reserves and spends only within it.
 */
export class Meter {
  private period: Period = { start: 0, end: 0 };
  /** Spent in the period before anyone now here began to count. */
  private base = 0;
  /** Spent here. */
  private own = 0;
  private told = -1;
  private held = 0;
  private name = '';
  /** What was taken over from the ledger may be counted twice. */
  private provisional = false;

  constructor(
    readonly owner: SubjectRef,
    private setting: Budget,
    private readonly counters?: SharedCounters,
  ) {}

  get budget(): Budget {
    return this.setting;
  }

  /** Takes over another amount, alerts or way to reserve. What was spent stays. */
  change(setting: Budget): void {
    this.setting = setting;
    this.told = -1;
  }

  /** The amount in force: nano-USD or tokens. */
  amount(now: Milliseconds): number {
    const { amount, override, unit } = this.setting;
    const inForce = override !== undefined && now < override.until ? override.amount : amount;
    return unit === 'usd' ? toNano(inForce) : inForce;
  }

  /** Spent by all in the period, as far as is known. */
  spent(now: Milliseconds): number {
    this.turn(now);
    return this.base + this.counted(now);
  }

  /** Held back for requests in flight here. */
  get reserved(): number {
    return this.held;
  }

  /** Held back by all, as far as is known. */
  reservedByAll(now: Milliseconds): number {
    this.turn(now);
    return this.held + (this.counter()?.othersHeld ?? 0);
  }

  /** Holds back for a request, or gives back when negative. */
  hold(now: Milliseconds, amount: number): void {
    this.turn(now);
    this.held += amount;
    this.counter()?.hold(amount);
  }

  /** When the period began: what must be read back after a restart. */
  startOf(now: Milliseconds): Milliseconds {
    this.turn(now);
    return this.period.start;
  }

  /** When the period ends; infinite for `total`. */
  endOf(now: Milliseconds): Milliseconds {
    this.turn(now);
    return this.period.end;
  }

  /** What a request would hold back here. */
  want(quote: Quote): number {
    const { unit, reserve } = this.setting;
    if (unit === 'usd') return reserve === 'maximum' ? quote.maximumNanoUsd : quote.expectedNanoUsd;
    return reserve === 'maximum' ? quote.maximumTokens : quote.expectedTokens;
  }

  /**
   * How much may be held back or spent here: what is neither spent nor held back, as far as this process may claim it. Negative once
   * more was used than expected.
   */
  room(now: Milliseconds, want: number): number {
    const left = this.amount(now) - this.spent(now);
    // A request that costs nothing asks whether there is anything left.
    return this.counter()?.room(left, Math.max(1, want)) ?? left - this.held;
  }

  /** Whether there would be room if nothing were in flight. */
  wouldFit(now: Milliseconds, want: number): boolean {
    const spent = this.spent(now);
    return spent + want <= this.amount(now) && spent < this.amount(now);
  }

  /** Counts what was used. @returns the highest alert share that this crossed, if it did. */
  add(now: Milliseconds, used: number): number | undefined {
    this.turn(now);
    this.own += used;
    this.counter()?.add(used);
    const share = this.spent(now) / this.amount(now);
    let crossed = -1;
    for (const at of this.setting.alertAt) if (share >= at && at > crossed) crossed = at;
    if (crossed <= this.told) return undefined;
    this.told = crossed;
    return crossed;
  }

  /** What was counted since the beginning of the period, here and by those who are heard: not to be counted again by {@link restore}. */
  counted(now: Milliseconds): number {
    this.turn(now);
    const counter = this.counter();
    return counter === undefined ? this.own : counter.own + counter.others;
  }

  /** Whether anything was spent in the period. */
  inUse(now: Milliseconds): boolean {
    return this.spent(now) > 0;
  }

  /**
   * Takes over what the ledger says was spent in the period that begins at `start`: it counts no more once that has turned.
   *
   * @param counted {@link Meter.counted} when the ledger was read.
   * @param settled whether nothing stood in the ledger then that others had not told: otherwise this is to be done again.
   */
  restore(now: Milliseconds, start: Milliseconds, spent: number, counted: number, settled = true): void {
    this.turn(now);
    if (this.period.start !== start) return;
    // What others had told and not yet written is missing now, and not the next time.
    this.base = Math.max(this.provisional && settled ? 0 : this.base, spent - counted);
    this.provisional = !settled && (this.provisional || this.base > 0);
    for (const share of this.setting.alertAt) {
      if (this.spent(now) / this.amount(now) >= share && share > this.told) this.told = share;
    }
  }

  /** Whether people have been told in this period that it runs low. */
  get alerted(): boolean {
    return this.told >= 0;
  }

  show(value: number): string {
    return this.setting.unit === 'usd' ? showUsd(value) : `${Math.round(value)} tokens`;
  }

  private counter(): SharedCounter | undefined {
    return this.counters?.counter(this.name, Math.min(NEVER, this.period.end));
  }

  private turn(now: Milliseconds): void {
    // Never back: a clock that is set back must not give a budget its money again.
    if (now < this.period.end) return;
    const { window, timeZone } = this.setting;
    const before = this.period.end;
    if (before !== 0) this.counter()?.hold(-this.held);
    this.period = periodOf(window, timeZone, now);
    const { kind, id } = this.owner;
    this.name = `budget ${kind} ${id} ${meterKey(this.setting)} ${this.period.start}`;
    this.counter()?.hold(this.held);
    // The first period of a meter begins with what is read back for it, a later one with nothing.
    if (before !== 0) {
      this.base = 0;
      this.own = 0;
      this.told = -1;
    }
  }
}
