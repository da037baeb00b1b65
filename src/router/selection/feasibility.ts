import type { Quote } from '#contract/pool-view.js';
import type { Candidate } from '#contract/route.js';
import type { SelectionContext } from '#contract/selection.js';
import type { Facts } from './selector-type.js';

/** A model that could take the request, with what it would cost and how fast it would be. */
export interface Contender {
  readonly model: string;
  readonly quote: Quote;
}

export interface Field {
  /** In the order of the decision. */
  readonly contenders: readonly Contender[];
  readonly ruledOut: readonly Candidate[];
}

/** Begins the reason of every model that is ruled out for its context window. */
export const TOO_SHORT = 'context of';

/** Parts the models into those that could take the request and those that could not, with the reason. Every selector begins here. */
export function fieldOf(models: readonly string[], facts: Facts, { board, pool }: SelectionContext): Field {
  const { profile } = board;
  const contenders: Contender[] = [];
  const ruledOut: Candidate[] = [];
  for (const model of models) {
    const window = facts.get(model)?.contextTokens ?? Number.POSITIVE_INFINITY;
    const needed = profile.promptTokens(model) + profile.outputTokens.p50;
    if (needed > window) {
      ruledOut.push(out(model, `${TOO_SHORT} ${window} is too short for about ${needed} tokens`));
      continue;
    }
    const quote = pool.quote(model, profile);
    if (quote.feasible) contenders.push({ model, quote });
    else ruledOut.push(out(model, quote.reason ?? 'no replica can take it'));
  }
  return { contenders, ruledOut };
}

function out(model: string, reason: string): Candidate {
  return { model, score: 0, propensity: 0, reason, eligible: false };
}
