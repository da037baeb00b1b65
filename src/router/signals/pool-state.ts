import { isPoolMeasure, type PoolView } from '#contract/pool-view.js';
import type { SignalCost, SignalValue } from '#contract/signal.js';
import type { PreparedEvaluator } from './signal-type.js';

const PREFIX = 'pool.';
const COST: SignalCost = { tier: 'inline', microseconds: 1 };
const NOT_KNOWN: SignalValue = Object.freeze({ state: 'unknown', score: 0, evidence: 'not known yet' });

/** The parts of `pool.<pool or model>.<measure>`; `undefined` for any other name. */
export function poolState(name: string): { readonly owner: string; readonly measure: string } | undefined {
  const dot = name.lastIndexOf('.');
  if (!name.startsWith(PREFIX) || dot <= PREFIX.length) return undefined;
  const measure = name.slice(dot + 1);
  return isPoolMeasure(measure) ? { owner: name.slice(PREFIX.length, dot), measure } : undefined;
}

/**
 * What a pool or model is like at this moment, as a signal that every policy has without declaring it (the P→R cell of the WRP matrix):
 * true above 0, unknown while nothing is known. Read once a request.
 */
export function poolStateSignal(name: string, pool: Pick<PoolView, 'read'>): PreparedEvaluator {
  const what = name.slice(PREFIX.length);
  return {
    name,
    type: 'pool',
    cost: COST,
    evaluate() {
      const score = pool.read(what);
      if (score === undefined || !Number.isFinite(score)) return NOT_KNOWN;
      return { state: score > 0 ? 'true' : 'false', score, evidence: String(Math.round(score * 1000) / 1000) };
    },
  };
}
