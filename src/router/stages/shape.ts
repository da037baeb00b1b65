import { CONTINUE, type Stage, type StageResult } from '#contract/stage.js';
import type { Routed, RoutedTable } from '#router/routed.js';

/** Writes down what the decision asks to be done to the request, and the limits it puts on placement. */
export function shapeStage(table: RoutedTable): Stage {
  const results = new Map([...table].map(([name, decision]) => [name, resultOf(decision)]));
  return {
    name: 'shape',
    run({ route }) {
      const decision = table.get(route.decision);
      if (decision === undefined) return CONTINUE;
      route.parameters = decision.parameters;
      route.constraints = decision.constraints;
      return results.get(route.decision) ?? CONTINUE;
    },
  };
}

/** What the stage notes is the same for every request of a decision. */
function resultOf({ parameters, constraints }: Routed): StageResult {
  const what = [...Object.keys(parameters), ...Object.keys(constraints)];
  return what.length === 0 ? CONTINUE : Object.freeze({ kind: 'continue', note: `sets ${what.join(', ')}` });
}
