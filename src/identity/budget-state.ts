import type { Budget, SubjectRef } from '#contract/identity.js';
import type { Milliseconds } from '#contract/units.js';
import type { Meter } from './meter.js';
import { fromNano } from './money.js';

/** A budget as it stands now, in USD or tokens. */
export interface BudgetState extends SubjectRef {
  readonly unit: Budget['unit'];
  readonly window: Budget['window'];
  readonly timeZone: string;
  readonly amount: number;
  readonly spent: number;
  /** Held back for requests in flight. */
  readonly reserved: number;
  readonly resetAt: Milliseconds | null;
}

/** The budget of a meter as it stands at a wall time. */
export function stateOf(meter: Meter, now: Milliseconds): BudgetState {
  const { unit, window, timeZone } = meter.budget;
  const shown = (value: number): number => (unit === 'usd' ? fromNano(value) : value);
  const end = meter.endOf(now);
  return {
    kind: meter.owner.kind,
    id: meter.owner.id,
    unit,
    window,
    timeZone,
    amount: shown(meter.amount(now)),
    spent: shown(meter.spent(now)),
    reserved: shown(meter.reservedByAll(now)),
    resetAt: Number.isFinite(end) ? end : null,
  };
}
