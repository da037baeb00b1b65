import { parseExpression } from './policy/parse.js';
import { rankDecisions, TREAT } from './policy/policy.js';
import { type Asked, unreachable } from './policy/unreachable.js';
import type { RouterProblem } from './problem.js';
import type { RouterConfig } from './schema.js';

/** Names that a warning lists. */
const MOST_NAMED = 3;

/** Warns of decisions whose every request is taken by those asked before them, and of conditions that never hold. */
export function checkReach({ decisions }: Pick<RouterConfig, 'decisions'>): RouterProblem[] {
  const asked = rankDecisions(decisions).flatMap(({ name, when, on_unknown }): Asked[] => {
    const parsed = parseExpression(when);
    if (!parsed.ok || parsed.tree.kind === 'otherwise') return [];
    return [{ name, condition: parsed.tree, treat: TREAT[on_unknown] }];
  });
  return unreachable(asked).map(({ name, takenBy }): RouterProblem => {
    const names = takenBy.slice(0, MOST_NAMED).join(', ') + (takenBy.length > MOST_NAMED ? ', …' : '');
    return {
      code: 'policy.unreachable',
      level: 'warning',
      path: ['decisions', decisions.findIndex(decision => decision.name === name), 'when'],
      message:
        takenBy.length === 0 ? 'this never holds' : `${name} is never taken: ${names} takes all its requests before it`,
      hint:
        takenBy.length === 0
          ? 'a condition that can hold'
          : 'another condition, or tier and priority that have it asked before',
    };
  });
}
