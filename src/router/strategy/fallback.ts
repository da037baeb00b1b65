import { type ErrorDetail, WeirError } from '#contract/errors.js';
import type { Candidate } from '#contract/route.js';
import type { Strategy } from '#contract/strategy.js';
import { noneEligible } from './single.js';

/** Longest account of earlier failures in a message, in characters. */
const MAX_ACCOUNT = 300;

interface State {
  /** Eligible models still to be tried, best first. */
  readonly left: readonly Candidate[];
  readonly current: Candidate | undefined;
  /** What failed before, one short line each. */
  readonly causes: readonly string[];
}

/**
 * The next model when one fails in a way another might not. Ends with the last error, which tells of the earlier ones; an error
 * that is the request's own fault ends it at once.
 */
export const fallback: Strategy<State> = {
  name: 'fallback',
  start: candidates => ({ left: candidates.filter(({ eligible }) => eligible), current: undefined, causes: [] }),
  step(state, event) {
    if (event.kind === 'answered') return { state, action: { kind: 'answer' } };
    const { current } = state;
    if (event.kind === 'failed' && !event.retryable) return { state, action: { kind: 'refuse', error: event.error } };
    const failed = event.kind === 'failed' && current !== undefined ? [`${current.model}: ${event.error.code}`] : [];
    const causes = [...state.causes, ...failed];
    const [next, ...left] = state.left;
    if (next !== undefined)
      return { state: { left, current: next, causes }, action: { kind: 'attempt', candidate: next } };
    const error = event.kind === 'failed' ? withAccount(event.error, causes.slice(0, -1)) : noneEligible();
    return { state: { left, current: undefined, causes }, action: { kind: 'refuse', error } };
  },
};

function withAccount(last: WeirError, earlier: readonly string[]): WeirError {
  if (earlier.length === 0) return last;
  const account = earlier.join(', ');
  const short = account.length <= MAX_ACCOUNT ? account : `${account.slice(0, MAX_ACCOUNT - 1)}…`;
  const detail: ErrorDetail = {
    status: last.status,
    type: last.type,
    cause: last,
    ...(last.path === undefined ? undefined : { path: last.path }),
    ...(last.hint === undefined ? undefined : { hint: last.hint }),
    ...(last.retryAfterMs === undefined ? undefined : { retryAfterMs: last.retryAfterMs }),
  };
  return new WeirError(last.code, `${last.message} (before it: ${short})`, detail);
}
