import type { Budget, SubjectRef } from '#contract/identity.js';
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

/**
 * One budget at work: what was spent in the period and what is held back for requests in flight. The period turns when a request
 * asks, so that an idle budget costs nothing. What is settled counts in the period in which it is settled.
 */
export class Meter {
  private period: Period = { start: 0, end: 0 };
  private spentNow = 0;
  private told = -1;
  reserved = 0;

  constructor(
    readonly owner: SubjectRef,
    private setting: Budget,
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

  spent(now: Milliseconds): number {
    this.turn(now);
    return this.spentNow;
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

  /** How much is neither spent nor held back. Negative once more was used than expected. */
  room(now: Milliseconds): number {
    this.turn(now);
    return this.amount(now) - this.spentNow - this.reserved;
  }

  /** Whether there would be room if nothing were in flight. */
  wouldFit(now: Milliseconds, want: number): boolean {
    return this.spentNow + want <= this.amount(now) && this.spentNow < this.amount(now);
  }

  /** Counts what was used. @returns the highest alert share that this crossed, if it did. */
  add(now: Milliseconds, used: number): number | undefined {
    this.turn(now);
    this.spentNow += used;
    const share = this.spentNow / this.amount(now);
    let crossed = -1;
    for (const at of this.setting.alertAt) if (share >= at && at > crossed) crossed = at;
    if (crossed <= this.told) return undefined;
    this.told = crossed;
    return crossed;
  }

  /** Adds what was spent before this meter began, in the period that begins at `start`: it counts no more once that has turned. */
  restore(now: Milliseconds, start: Milliseconds, spent: number): void {
    this.turn(now);
    if (this.period.start !== start) return;
    this.spentNow += spent;
    for (const share of this.setting.alertAt) {
      if (this.spentNow / this.amount(now) >= share && share > this.told) this.told = share;
    }
  }

  /** Whether people have been told in this period that it runs low. */
  get alerted(): boolean {
    return this.told >= 0;
  }

  show(value: number): string {
    return this.setting.unit === 'usd' ? showUsd(value) : `${Math.round(value)} tokens`;
  }

  private turn(now: Milliseconds): void {
    // Never back: a clock that is set back must not give a budget its money again.
    if (now < this.period.end) return;
    const { window, timeZone } = this.setting;
    const before = this.period.end;
    this.period = periodOf(window, timeZone, now);
    // The first period of a meter begins with what is read back for it, a later one with nothing.
    if (before !== 0) {
      this.spentNow = 0;
      this.told = -1;
    }
  }
}
