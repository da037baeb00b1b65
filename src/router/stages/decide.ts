import { WeirError } from '#contract/errors.js';
import { CONTINUE, type Stage, type StageContext, type StageResult } from '#contract/stage.js';
import type { Policy, PolicyResult } from '#router/policy/policy.js';
import { DIRECT, NO_DECISION } from '#router/routed.js';

/**
 * Asks the policy. Left out when the caller named a real model. Returns a promise only when a signal that still matters takes a
 * model to compute; those that matter are computed side by side.
 */
export function decideStage(policy: Policy, virtualNames: ReadonlySet<string>): Stage {
  return {
    name: 'decide',
    run(context) {
      const { board, route } = context;
      const asked = board.request.model;
      if (!virtualNames.has(asked)) {
        route.decision = DIRECT;
        route.models = [asked];
        route.reason = { summary: `${DIRECT}: the caller named ${asked}`, passed: [] };
        return CONTINUE;
      }
      const result = policy.decide(board);
      return result.kind === 'needs' ? computed(policy, context, result) : settle(context, result);
    },
  };
}

type Settled = Exclude<PolicyResult, { kind: 'needs' }>;

/** Every round makes at least one more signal known, so there are no more rounds than signals. */
async function computed(policy: Policy, context: StageContext, first: PolicyResult): Promise<StageResult> {
  let result = first;
  while (result.kind === 'needs') {
    await context.board.compute(result.names);
    result = policy.decide(context.board);
  }
  return settle(context, result);
}

function settle({ route }: StageContext, result: Settled): StageResult {
  route.reason = result.reason;
  route.decision = result.kind === 'none' ? NO_DECISION : result.decision;
  if (result.kind === 'decided') return { kind: 'continue', note: result.decision };
  if (result.kind === 'refused') return { kind: 'refuse', error: result.error, note: result.reason.summary };
  const error = new WeirError('route.no_decision', 'No decision of the policy matches this request.');
  return { kind: 'refuse', error, note: result.reason.summary };
}
