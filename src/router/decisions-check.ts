import { type CompareNode, type Leaf, OTHERWISE } from './policy/expression.js';
import { parseExpression } from './policy/parse.js';
import { rankDecisions } from './policy/policy.js';
import { leavesOf } from './policy/references.js';
import type { DecisionConfig } from './policy/schema.js';
import { personalKinds } from './privacy-check.js';
import type { PrivacyConfig } from './privacy-schema.js';
import {
  duplicates,
  error,
  type ProblemPath,
  type RouterProblem,
  type RouterSurroundings,
  unknownName,
} from './problem.js';
import type { RouterConfig } from './schema.js';
import { selectorType } from './selection/registry.js';
import { pii } from './signals/pii.js';
import { poolState } from './signals/pool-state.js';
import { signalType } from './signals/set.js';

/** Names of decisions that Weir gives itself. */
export const RESERVED_DECISIONS: ReadonlySet<string> = new Set(['direct', 'none']);

/**
 * Whether decisions have names of their own, conditions that parse and compare what can be compared, and models and pools that there are; and whether each can be
 * reached, and every request reaches one.
 */
export function checkDecisions(config: RouterConfig, around: RouterSurroundings): RouterProblem[] {
  const { decisions } = config;
  return [
    ...checkNames(config),
    ...decisions.flatMap((decision, index) => checkDecision(decision, index, config, around)),
    ...checkOrder(config),
  ];
}

function checkNames({ decisions }: RouterConfig): RouterProblem[] {
  return [
    ...duplicates(
      decisions.map(({ name }) => name),
      index => ['decisions', index, 'name'],
      'the decision',
    ),
    ...decisions.flatMap(({ name }, index) =>
      RESERVED_DECISIONS.has(name)
        ? [error('config.invalid', ['decisions', index, 'name'], `${name} is a name that Weir gives itself`)]
        : [],
    ),
  ];
}

function checkDecision(
  decision: DecisionConfig,
  index: number,
  config: RouterConfig,
  around: RouterSurroundings,
): RouterProblem[] {
  const at = (...path: ProblemPath): ProblemPath => ['decisions', index, ...path];
  const models = decision.models ?? [];
  const pools = decision.pools ?? [];
  const poolNames = around.pools.map(({ name }) => name);
  const served = new Set(around.pools.filter(({ name }) => pools.includes(name)).map(({ model }) => model));
  return [
    ...checkCondition(decision.when, at('when'), config, around),
    ...duplicates(models, i => at('models', i), 'the model'),
    ...models.flatMap((model, i) => {
      if (!around.models.includes(model)) return [unknownName(at('models', i), 'model', model, around.models)];
      if (pools.length === 0 || served.has(model)) return [];
      return [error('config.invalid', at('models', i), `none of the pools ${pools.join(', ')} serves ${model}`)];
    }),
    ...duplicates(pools, i => at('pools', i), 'the pool'),
    ...pools.flatMap((pool, i) =>
      poolNames.includes(pool) ? [] : [unknownName(at('pools', i), 'pool', pool, poolNames)],
    ),
    ...(selectorType(decision.select.type)?.check?.(decision.select.options, models) ?? []).map(
      ({ path, ...problem }): RouterProblem => ({
        ...problem,
        level: 'error',
        path: at('select', decision.select.type, ...path),
      }),
    ),
  ];
}

function checkCondition(
  when: string,
  path: ProblemPath,
  config: RouterConfig,
  around: RouterSurroundings,
): RouterProblem[] {
  const parsed = parseExpression(when);
  if (!parsed.ok) {
    const { message, ...more } = parsed.error;
    return [error('policy.syntax', path, message, more)];
  }
  return leavesOf(parsed.tree).flatMap(leaf => checkLeaf(leaf, path, config, around));
}

function checkLeaf(
  leaf: Leaf,
  path: ProblemPath,
  { signals, privacy }: RouterConfig,
  around: RouterSurroundings,
): RouterProblem[] {
  const signal = Object.hasOwn(signals, leaf.name) ? signals[leaf.name] : undefined;
  const state = signal === undefined ? poolState(leaf.name) : undefined;
  if (state !== undefined) {
    const owners = [...around.pools.map(({ name }) => name), ...around.models];
    if (!owners.includes(state.owner)) return [unknownName(path, 'pool or model', state.owner, owners, leaf.offset)];
    if (leaf.kind !== 'compare' || typeof leaf.value !== 'string') return [];
    const more = { offset: leaf.valueOffset, hint: 'a number' };
    return [error('config.invalid', path, `${leaf.name} is a number and has no name to compare with`, more)];
  }
  if (signal === undefined) return [unknownName(path, 'signal', leaf.name, Object.keys(signals), leaf.offset)];
  return leaf.kind === 'compare' && typeof leaf.value === 'string'
    ? checkLabel(leaf, leaf.value, path, signal.type, privacy)
    : [];
}

function checkLabel(
  { name, valueOffset }: CompareNode,
  label: string,
  path: ProblemPath,
  type: string,
  privacy: PrivacyConfig,
): RouterProblem[] {
  const kind = signalType(type);
  if (kind?.labelMeaning === undefined) {
    const more = { offset: valueOffset, hint: `a number: ${kind?.scoreMeaning ?? 'the score'}` };
    return [
      error('config.invalid', path, `${name} is a ${type} signal, which has a score but no name to compare with`, more),
    ];
  }
  const known = type === pii.type ? personalKinds(privacy) : kind.labels;
  if (known === undefined || known.includes(label)) return [];
  const more = { offset: valueOffset, unknown: { name: label, known } };
  return [error('config.unknown_reference', path, `no ${type} signal ever has the label ${label}`, more)];
}

function checkOrder({ decisions }: RouterConfig): RouterProblem[] {
  if (decisions.length === 0) return [];
  const last = rankDecisions(decisions).filter(({ when }) => parsesAsOtherwise(when));
  const unreachable = last
    .slice(1)
    .map(decision =>
      error(
        'policy.unreachable',
        ['decisions', decisions.indexOf(decision), 'when'],
        `${last[0]?.name ?? ''} is otherwise already`,
      ),
    );
  if (last.length > 0) return unreachable;
  const message = 'requests that match no decision are refused: no decision is otherwise';
  return [
    {
      code: 'policy.incomplete',
      level: 'warning',
      path: ['decisions'],
      message,
      hint: 'a last decision with when: otherwise',
    },
  ];
}

function parsesAsOtherwise(when: string): boolean {
  const parsed = parseExpression(when);
  return parsed.ok && parsed.tree === OTHERWISE;
}
