import { type CompareNode, type Leaf, OTHERWISE } from './policy/expression.js';
import { parseExpression } from './policy/parse.js';
import { rankDecisions } from './policy/policy.js';
import { leavesOf } from './policy/references.js';
import type { DecisionConfig } from './policy/schema.js';
import { checkPrivacy, personalKinds } from './privacy-check.js';
import type { PrivacyConfig } from './privacy-schema.js';
import { error, type ProblemPath, type RouterProblem, unknownName } from './problem.js';
import { checkReach } from './reach-check.js';
import type { RouterConfig } from './schema.js';
import { selectorType } from './selection/registry.js';
import { askedClassifier } from './signals/classifier.js';
import { wantedKinds } from './signals/defined-kinds.js';
import { pii } from './signals/pii.js';
import { poolState } from './signals/pool-state.js';
import { signalType } from './signals/set.js';

/** Names of decisions that Weir gives itself. */
const RESERVED_DECISIONS: ReadonlySet<string> = new Set(['direct', 'none']);

/** What the other parts define that the router's block refers to. */
export interface RouterSurroundings {
  readonly models: readonly string[];
  readonly pools: readonly { readonly name: string; readonly model: string }[];
}

/**
 * Everything wrong with a `router:` block that its schema cannot see: names of nothing, names that stand twice, expressions that
 * do not parse or compare what cannot be compared, unsafe patterns, decisions that can never be reached. Throws nothing.
 */
export function checkRouter(config: RouterConfig, around: RouterSurroundings): readonly RouterProblem[] {
  return [
    ...checkNames(config, around),
    ...checkSignals(config),
    ...checkRoutes(config),
    ...checkKinds(config),
    ...checkClassifiers(config),
    ...checkPrivacy(config),
    ...config.decisions.flatMap((decision, index) => checkDecision(decision, index, config, around)),
    ...checkOrder(config),
    ...checkReach(config),
    ...checkTests(config, around),
    ...checkSafety(config, around),
  ];
}

function checkSafety({ safety }: RouterConfig, { models }: RouterSurroundings): RouterProblem[] {
  return (safety?.conversation?.models ?? []).flatMap((model, at) =>
    models.includes(model) ? [] : [unknownName(['safety', 'conversation', 'models', at], 'model', model, models)],
  );
}

function duplicates(names: readonly string[], path: (index: number) => ProblemPath, what: string): RouterProblem[] {
  const seen = new Set<string>();
  return names.flatMap((name, index) => {
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [error('config.duplicate', path(index), `${what} ${name} stands twice`)];
  });
}

function checkNames({ names, decisions }: RouterConfig, { models }: RouterSurroundings): RouterProblem[] {
  return [
    ...duplicates(names, index => ['names', index], 'the virtual name'),
    ...names.flatMap((name, index) =>
      models.includes(name)
        ? [error('config.duplicate', ['names', index], `${name} is a real model and cannot be a virtual name as well`)]
        : [],
    ),
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

function checkSignals({ signals }: RouterConfig): RouterProblem[] {
  return Object.entries(signals).flatMap(([name, { type, options }]) =>
    (signalType(type)?.check?.(options) ?? []).map(
      ({ path, ...problem }): RouterProblem => ({ ...problem, level: 'error', path: ['signals', name, type, ...path] }),
    ),
  );
}

/** Whether what signals ask for by name is defined. A head of its own says which routes it knows only when it is read. */
function checkKinds({ signals, routes, preferences, knowledge, learned }: RouterConfig): RouterProblem[] {
  const blocks = {
    ...(learned.routes === undefined && {
      route: { known: routes, what: 'route', hint: 'examples under router.routes' },
    }),
    preference: { known: preferences, what: 'preference', hint: 'descriptions under router.preferences' },
    knowledge: { known: knowledge, what: 'knowledge base', hint: 'files under router.knowledge' },
  };
  return Object.entries(signals).flatMap(([name, { type, options }]) => {
    const block = Object.entries(blocks).find(([asked]) => asked === type)?.[1];
    if (block === undefined) return [];
    const { what, hint } = block;
    const path = ['signals', name, type];
    const known = Object.keys(block.known);
    if (known.length === 0) {
      return [error('config.missing', path, `${name} asks for a ${what}, and there are none`, { hint })];
    }
    return wantedKinds(options).flatMap(one => (known.includes(one) ? [] : [unknownName(path, what, one, known)]));
  });
}

/** Labels stand in the model's own file, which is read when it is needed. */
function checkClassifiers({ signals, learned, safety }: RouterConfig): RouterProblem[] {
  const known = Object.keys(learned.classifiers);
  const asked = Object.entries(signals).flatMap(([name, { type, options }]) =>
    type === 'classifier' ? [{ path: ['signals', name, type, 'name'], name: askedClassifier(options) }] : [],
  );
  const child = safety?.child_safety.classifier;
  if (child !== undefined) asked.push({ path: ['safety', 'child_safety', 'classifier'], name: child });
  return asked.flatMap(({ path, name }) =>
    known.includes(name) ? [] : [unknownName(path, 'classifier', name, known)],
  );
}

/** Where routes and vectors come from. */
function checkRoutes({ routes, learned }: RouterConfig): RouterProblem[] {
  const problems: RouterProblem[] = [];
  if (learned.routes !== undefined && Object.keys(routes).length > 0) {
    problems.push(
      error('config.duplicate', ['learned', 'routes'], 'routes are given by examples and by a head', {
        hint: 'one of the two',
      }),
    );
  }
  const { embedder, embedders } = learned;
  if (embedder !== 'default' && !Object.hasOwn(embedders, embedder)) {
    problems.push(unknownName(['learned', 'embedder'], 'embedder', embedder, ['default', ...Object.keys(embedders)]));
  }
  return problems;
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

function checkTests(
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
