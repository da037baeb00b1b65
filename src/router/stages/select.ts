import { WeirError } from '#contract/errors.js';
import type { Stage, StageContext } from '#contract/stage.js';
import type { Routed, RoutedTable } from '#router/routed.js';
import { missingContext } from '#router/selection/feasibility.js';
import type { Facts } from '#router/selection/selector-type.js';

/** Ranks the models of the decision; refuses when none of them can take the request. */
export function selectStage(table: RoutedTable, direct: Routed, facts: Facts): Stage {
  return {
    name: 'select',
    run(context) {
      const { board, pool, random, route } = context;
      const decision = table.get(route.decision) ?? direct;
      if (route.models.length === 0) route.models = decision.models;
      route.selector = decision.selector.name;
      route.strategy = decision.strategy;
      route.candidates = decision.selector.rank(route.models, { board, pool, random, decision: route.decision });
      const [first] = route.candidates;
      if (first?.eligible === true)
        return { kind: 'continue', note: `${route.selector}: ${first.model} (${first.reason})` };
      return { kind: 'refuse', error: noneEligible(context, facts), note: 'no model can take it' };
    },
  };
}

function noneEligible({ board, route }: StageContext, facts: Facts): WeirError {
  const { profile } = board;
  const why = route.candidates.map(({ model, reason }) => `${model}: ${reason}`).join('; ');
  return route.models.every(model => missingContext(model, facts, profile) !== undefined)
    ? new WeirError(
        'request.context_too_long',
        `The prompt of about ${profile.promptTokens(route.models[0])} tokens fits no model (${why}).`,
      )
    : new WeirError('pool.no_replica', `No model of the decision can take this request (${why}).`);
}
