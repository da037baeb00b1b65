import type { DecisionRecord } from '#contract/record.js';
import type { Facts } from './record-table.js';

type Whole = Readonly<Record<string, unknown>>;

interface Stored {
  readonly profile: Whole;
  readonly signals: readonly Whole[];
  readonly reason: { readonly summary: string; readonly passed: readonly Whole[] };
  readonly candidates: readonly Whole[];
  readonly stages: readonly Whole[];
  readonly placement?: Whole & { readonly losers: readonly Whole[] };
  readonly attempts: readonly Whole[];
  readonly outcome: Whole;
}

/** A record as it was before `RecordJson` took it apart: its facts, its JSON, and the parts that its batch has in common. */
export function restored(facts: Facts, json: string, shared: readonly Whole[]): DecisionRecord {
  const whole = (value: Whole): Whole => {
    const { is, ...rest } = value;
    return typeof is === 'number' ? { ...shared[is], ...rest } : value;
  };
  const [id, at, session, decision] = facts;
  const stored = whole(JSON.parse(json) as Whole) as unknown as Stored;
  const { reason, placement } = stored;
  const record = {
    id,
    at,
    ...stored,
    profile: { session, ...whole(stored.profile) },
    signals: stored.signals.map(whole),
    decision,
    reason: { ...reason, passed: reason.passed.map(whole) },
    candidates: stored.candidates.map(whole),
    stages: stored.stages.map(whole),
    ...(placement === undefined
      ? undefined
      : { placement: { ...whole(placement), losers: placement.losers.map(whole) } }),
    attempts: stored.attempts.map(whole),
    outcome: whole(stored.outcome),
  };
  return record as unknown as DecisionRecord;
}
