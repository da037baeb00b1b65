import { WeirError } from '#contract/errors.js';
import { CONTINUE, type Stage } from '#contract/stage.js';
import type { RoutedTable } from '#router/routed.js';

/** Carries out decisions that need no model: a fixed answer, or a refusal. */
export function respondStage(table: RoutedTable): Stage {
  return {
    name: 'respond',
    run({ route }) {
      const decision = table.get(route.decision);
      if (decision?.respond !== undefined) return { kind: 'answer', text: decision.respond, note: 'fixed answer' };
      if (decision?.refuse === undefined) return CONTINUE;
      return { kind: 'refuse', error: new WeirError('route.refused', decision.refuse), note: 'refused by the policy' };
    },
  };
}
