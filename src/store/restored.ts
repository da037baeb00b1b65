import type { DecisionRecord } from '#contract/record.js';
import type { Facts } from './record-table.js';

type Whole = Readonly<Record<string, unknown>>;

interface Stored {
  readonly profile: Whole;
  /** Part and time. */
  readonly signals: readonly (readonly number[])[];
  readonly reason: { readonly summary: string; readonly passed: readonly number[] };
  /** Part, score and propensity. */
  readonly candidates: readonly (readonly number[])[];
  /** Part and time. */
  readonly stages: readonly (readonly number[])[];
  /** Losers are part and score. */
  readonly placement?: Whole & { readonly losers: readonly (readonly number[])[] };
  readonly attempts: readonly Whole[];
  readonly outcome: Whole;
}

/** A record as it was before `RecordJson` took it apart: its facts, its JSON, and the parts that its batch has in common. */
export function restored(facts: Facts, json: string, shared: readonly Whole[]): DecisionRecord {
  const whole = (value: Whole): Whole => {
    const { is, ...rest } = value;
    return typeof is === 'number' ? { ...shared[is], ...rest } : value;
  };
  const part = (is: number | undefined): Whole => shared[is ?? -1] ?? {};
  const [id, at, session, decision] = facts;
  const stored = whole(JSON.parse(json) as Whole) as unknown as Stored;
  const { reason, placement } = stored;
  const record = {
    id,
    at,
    ...stored,
    profile: { session, ...whole(stored.profile) },
    signals: stored.signals.map(([is, ms]) => ({ ...part(is), ms })),
    decision,
    reason: { ...reason, passed: reason.passed.map(part) },
    candidates: stored.candidates.map(([is, score, propensity]) => ({ ...part(is), score, propensity })),
    stages: stored.stages.map(([is, ms]) => ({ ...part(is), ms })),
    ...(placement === undefined
      ? undefined
      : {
          placement: { ...whole(placement), losers: placement.losers.map(([is, score]) => ({ ...part(is), score })) },
        }),
    attempts: stored.attempts.map(whole),
    outcome: whole(stored.outcome),
  };
  return record as unknown as DecisionRecord;
}
