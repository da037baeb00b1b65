import type { Limits, SubjectRef } from '#contract/identity.js';
import { SPEND_BUCKET, type Spend, type SpendDelta } from '#contract/identity-store.js';
import type { SharedCounters } from '#contract/shared-counters.js';
import type { Milliseconds } from '#contract/units.js';
import { Meter, meterKey } from './meter.js';
import { Places } from './places.js';
import { Rate } from './rate.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Told when a budget runs low. */
export type AlertListener = (account: Account, meter: Meter, share: number) => void;

/**
 * What one key, team or user uses: rates, requests open, budgets, and what is still to be written down. Lives as long as the process,
 * whatever becomes of the entity it counts for, so that what is in flight is always settled where it was reserved.
 */
export class Account implements SubjectRef {
  requests: Rate | undefined;
  tokens: Rate | undefined;
  readonly places: Places;
  meters: readonly Meter[] = [];
  /** What was used and is not yet on its way to the store, by bucket: one, or two around the turn of a quarter. */
  private pending: Mutable<SpendDelta>[] = [];

  constructor(
    readonly kind: SubjectRef['kind'],
    readonly id: string,
    /** Where other processes count for the same account. */
    private readonly counters?: SharedCounters,
  ) {
    this.places = new Places(`open ${kind} ${id}`, counters);
  }

  get label(): string {
    return `${this.kind} ${this.id}`;
  }

  limit({ requestsPerMinute, tokensPerMinute, concurrency }: Limits): void {
    this.requests = this.changed(this.requests, requestsPerMinute, 'requests');
    this.tokens = this.changed(this.tokens, tokensPerMinute, 'tokens');
    this.places.limit = concurrency ?? Number.POSITIVE_INFINITY;
  }

  /** The meters that a list of budgets would have: those that are there already, and new ones. */
  metersFor(budgets: readonly Meter['budget'][]): Meter[] {
    const known = new Map(this.meters.map(meter => [meterKey(meter.budget), meter]));
    return budgets.map(
      budget => known.get(meterKey(budget)) ?? new Meter({ kind: this.kind, id: this.id }, budget, this.counters),
    );
  }

  /** Counts what a request used. @returns whether anything is now waiting that was not before. */
  spend(now: Milliseconds, used: Spend, onAlert: AlertListener): void {
    const bucket = Math.floor(now / SPEND_BUCKET) * SPEND_BUCKET;
    let last = this.pending.at(-1);
    if (last?.bucket !== bucket) {
      last = { kind: this.kind, id: this.id, bucket, nanoUsd: 0, promptTokens: 0, completionTokens: 0, requests: 0 };
      this.pending.push(last);
    }
    last.nanoUsd += used.nanoUsd;
    last.promptTokens += used.promptTokens;
    last.completionTokens += used.completionTokens;
    last.requests += used.requests;
    for (let i = 0; i < this.meters.length; i++) {
      const meter = this.meters[i]!;
      const share = meter.add(
        now,
        meter.budget.unit === 'usd' ? used.nanoUsd : used.promptTokens + used.completionTokens,
      );
      if (share !== undefined) onAlert(this, meter, share);
    }
  }

  /** Hands over what is still to be written down. */
  drain(into: SpendDelta[]): void {
    for (const delta of this.pending) into.push(delta);
    this.pending = [];
  }

  /** Whether nothing is left that only this account knows. */
  get idle(): boolean {
    return this.pending.length === 0 && this.places.open === 0;
  }

  private changed(rate: Rate | undefined, limit: number | undefined, what: string): Rate | undefined {
    if (limit === undefined) return undefined;
    if (rate === undefined) return new Rate(limit, `${what} ${this.kind} ${this.id}`, this.counters);
    rate.limit = limit;
    return rate;
  }
}
