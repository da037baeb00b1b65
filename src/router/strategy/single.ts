import { WeirError } from '#contract/errors.js';
import type { Candidate } from '#contract/route.js';
import type { Strategy, StrategyAction } from '#contract/strategy.js';

/** The state is what it would do next: nothing else has to be remembered. */
type State = { readonly first: Candidate | undefined };

/** The best model and no other. */
export const single: Strategy<State> = {
  name: 'single',
  start: candidates => ({ first: candidates.find(({ eligible }) => eligible) }),
  step(state, event) {
    const act = (action: StrategyAction) => ({ state, action });
    if (event.kind === 'answered') return act({ kind: 'answer' });
    if (event.kind === 'failed') return act({ kind: 'refuse', error: event.error });
    return act(
      state.first === undefined
        ? { kind: 'refuse', error: noneEligible() }
        : { kind: 'attempt', candidate: state.first },
    );
  },
};

/** There is nothing to try. Selection refuses such a request with a better reason before a strategy is asked. */
export function noneEligible(): WeirError {
  return new WeirError('pool.no_replica', 'No model of the decision can take this request.');
}
