import { WeirError } from '#contract/errors.js';
import type { Candidate } from '#contract/route.js';
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
      const { decision: name, constraints } = route;
      const decision = table.get(name) ?? direct;
      if (route.models.length === 0) route.models = decision.models;
      route.selector = decision.selector.name;
      route.strategy = decision.strategy.name;
      const judges = decision.judges?.(board.request) ?? [];
      if (judges.length > 0) route.guards = [...(route.guards ?? []), ...judges];
      route.candidates = decision.selector.rank(route.models, { board, pool, random, decision: name, constraints });
      if (route.ruledOut !== undefined) route.candidates = [...route.candidates, ...route.ruledOut];
      const [first] = route.candidates;
      if (first?.eligible === true) {
        return { kind: 'continue', note: `${route.selector}: ${first.model} (${first.reason})` };
      }
      const fitting = route.models.filter(model => missingContext(model, facts, board.profile) === undefined);
      if (fitting.length === 0) return { kind: 'refuse', error: tooLong(context), note: 'no window is long enough' };
      route.candidates = lastResort(route.candidates, fitting);
      return { kind: 'continue', note: 'no model seems able to take it: the pool has the last word' };
    },
  };
}

/**
 * A quote of nothing is a snapshot, and only the pool can let a trial through to a replica that was out: so models that were
 * ruled out for want of a replica are tried all the same when there is no other.
 */
function lastResort(candidates: readonly Candidate[], fitting: readonly string[]): Candidate[] {
  const tried = candidates.filter(({ model }) => fitting.includes(model));
  const others = candidates.filter(({ model }) => !fitting.includes(model));
  return [...tried.map((one, at) => ({ ...one, eligible: true, propensity: at === 0 ? 1 : 0 })), ...others];
}

function tooLong({ board, route }: StageContext): WeirError {
  const why = route.candidates.map(({ model, reason }) => `${model}: ${reason}`).join('; ');
  const tokens = board.profile.promptTokens(route.models[0]);
  return new WeirError('request.context_too_long', `The prompt of about ${tokens} tokens fits no model (${why}).`);
}
