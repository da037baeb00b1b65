import { RESERVED_DECISIONS } from './decisions-check.js';
import { type ProblemPath, type RouterProblem, type RouterSurroundings, unknownName } from './problem.js';
import type { RouterConfig } from './schema.js';
import { poolState } from './signals/pool-state.js';

/** Whether the policy's own tests ask for and expect what there is. */
export function checkTests(
  { tests, decisions, signals, names }: RouterConfig,
  { models }: RouterSurroundings,
): RouterProblem[] {
  const decided = decisions.length === 0 ? ['default'] : decisions.map(({ name }) => name);
  const decisionNames = [...decided, ...RESERVED_DECISIONS];
  const askable = [...names, ...models];
  return tests.flatMap(({ expect, expect_model, model, signals: given = {} }, index) => {
    const at = (...path: ProblemPath): ProblemPath => ['tests', index, ...path];
    const problems: RouterProblem[] = [];
    if (expect !== undefined && !decisionNames.includes(expect)) {
      problems.push(unknownName(at('expect'), 'decision', expect, decisionNames));
    }
    if (expect_model !== undefined && !models.includes(expect_model)) {
      problems.push(unknownName(at('expect_model'), 'model', expect_model, models));
    }
    if (model !== undefined && !askable.includes(model))
      problems.push(unknownName(at('model'), 'model', model, askable));
    for (const name of Object.keys(given)) {
      if (!Object.hasOwn(signals, name) && poolState(name) === undefined)
        problems.push(unknownName(at('signals', name), 'signal', name, Object.keys(signals)));
    }
    return problems;
  });
}
