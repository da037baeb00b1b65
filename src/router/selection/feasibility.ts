import type { Quote } from '#contract/pool-view.js';
import type { WorkloadProfile } from '#contract/profile.js';
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

/** Parts the models into those that could take the request and those that could not, with the reason. Every selector begins here. */
export function fieldOf(
  models: readonly string[],
  facts: Facts,
  { board, pool, constraints }: SelectionContext,
): Field {
  const { profile } = board;
  const contenders: Contender[] = [];
  const ruledOut: Candidate[] = [];
  for (const model of models) {
    const missing = missingContext(model, facts, profile);
    if (missing !== undefined) {
      ruledOut.push(out(model, missing));
      continue;
    }
    const quote = pool.quote(model, profile, constraints);
    if (quote.feasible) contenders.push({ model, quote });
    else ruledOut.push(out(model, quote.reason ?? 'no replica can take it'));
  }
  return { contenders, ruledOut };
}

/** Why prompt and median answer do not fit the model's context window; `undefined` when they do. */
export function missingContext(model: string, facts: Facts, profile: WorkloadProfile): string | undefined {
  const window = facts.get(model)?.contextTokens ?? Number.POSITIVE_INFINITY;
  const needed = profile.promptTokens(model) + profile.outputTokens.p50;
  return needed > window ? `context of ${window} is too short for about ${needed} tokens` : undefined;
}

function out(model: string, reason: string): Candidate {
  return { model, score: 0, propensity: 0, reason, eligible: false };
}
