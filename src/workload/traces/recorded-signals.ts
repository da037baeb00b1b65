import type { SignalValue } from '#contract/signal.js';
import { isObject, nameOf, type RowCheck } from './row.js';

const STATES: ReadonlySet<unknown> = new Set(['true', 'false', 'unknown']);
const MOST_SIGNALS = 256;

/** `{name: {state, score, label?}}` of a row; a problem, noted in `check`, for anything else. */
export function readSignals(value: unknown, check: RowCheck): ReadonlyMap<string, SignalValue> {
  const signals = new Map<string, SignalValue>();
  const entries = isObject(value) ? Object.entries(value) : [];
  if (!isObject(value) || entries.length > MOST_SIGNALS) {
    check.fail({ reason: 'signals: no object of signals', what: 'has no object of signals', field: 'signals' });
  }
  for (const [name, one] of entries.slice(0, MOST_SIGNALS)) {
    const { state, score = 0, label: given } = isObject(one) ? one : {};
    if (!STATES.has(state) || typeof score !== 'number' || !Number.isFinite(score)) {
      const hint = '{"state": "true", "score": 1}, the state true, false or unknown';
      check.fail({
        reason: 'signals: not a value',
        what: 'has a signal without state and score',
        field: 'signals',
        hint,
      });
      break;
    }
    const label = nameOf(given);
    const known = state as SignalValue['state'];
    signals.set(name, label === undefined ? { state: known, score } : { state: known, score, label });
  }
  return signals;
}

export function writtenSignals(signals: ReadonlyMap<string, SignalValue>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    [...signals].map(([name, { state, score, label }]) => [
      name,
      label === undefined ? { state, score } : { state, score, label },
    ]),
  );
}
