import { CONTINUE, type Stage } from '#contract/stage.js';
import type { RoutedTable } from '#router/routed.js';

/** Writes down what the decision asks to be done to the request, and the limits it puts on placement. */
export function shapeStage(table: RoutedTable): Stage {
  return {
    name: 'shape',
    run({ route }) {
      const decision = table.get(route.decision);
      if (decision === undefined) return CONTINUE;
      route.parameters = decision.parameters;
      route.constraints = decision.constraints;
      const what = [...Object.keys(decision.parameters), ...Object.keys(decision.constraints)];
      return what.length === 0 ? CONTINUE : { kind: 'continue', note: `sets ${what.join(', ')}` };
    },
  };
}
