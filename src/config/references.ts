import { checkRouter } from '#router/check.js';
import { parseExpression } from '#router/policy/parse.js';
import { signalsOf } from '#router/policy/references.js';
import type { RouterProblem } from '#router/problem.js';
import type { RouterConfig } from '#router/schema.js';
import { at } from './issues.js';
import { suggestion } from './nearest.js';
import { checkPool, doubtsAboutPool } from './pool-references.js';
import type { Finding } from './problem.js';
import type { Settings } from './schema.js';

export interface ReferenceFindings {
  readonly errors: readonly Finding[];
  readonly warnings: readonly Finding[];
}

/**
 * Checks what one block says of another: that every name used is defined, and, when all else is well, that every name defined is used.
 *
 * @param settings the blocks that are valid in themselves.
 * @param value the whole file, for the names that a block defines although it is not valid.
 */
export function checkReferences(settings: Partial<Settings>, value: unknown): ReferenceFindings {
  const { router, pool, fleet } = settings;
  // Without any models it is them that is missing, not every name of one.
  const found = router === undefined || modelNames(value).length === 0 ? [] : checkRouter(router, surroundings(value));
  const errors = [
    ...(pool === undefined ? [] : checkPool(pool)),
    ...(fleet === undefined ? [] : checkFleet(fleet, Object.keys(mapping(value, 'pools')), modelNames(value))),
    ...found.filter(({ level }) => level === 'error').map(explain),
  ];
  const warnings = [
    ...(pool === undefined ? [] : doubtsAboutPool(pool)),
    ...(router === undefined || errors.length > 0 ? [] : doubtsAboutRouter(router, found, answering(value))),
  ];
  return { errors, warnings };
}

/** Pools and models that the fleet block tells of exist. */
function checkFleet(
  { pools, accepted }: Settings['fleet'],
  known: readonly string[],
  models: readonly string[],
): readonly Finding[] {
  return [
    ...Object.keys(pools).flatMap(name => unknownKey(name, known, ['fleet', 'pools', name], 'pool')),
    ...Object.keys(accepted).flatMap(name => unknownKey(name, models, ['fleet', 'accepted', name], 'model')),
  ];
}

function unknownKey(
  name: string,
  known: readonly string[],
  path: readonly string[],
  what: 'pool' | 'model',
): readonly Finding[] {
  if (known.includes(name)) return [];
  const hint = suggestion(name, known);
  return [
    {
      code: 'config.unknown_reference',
      path,
      at: 'key',
      message: `there is no ${what} ${JSON.stringify(name)} under pool.${what}s`,
      ...(hint !== undefined && { hint }),
    },
  ];
}

function surroundings(value: unknown) {
  const pools = Object.entries(mapping(value, 'pools')).flatMap(([name, entry]) => {
    const adapters = at(entry, ['adapters', 'models']);
    const models = [at(entry, ['model']) ?? '', ...(Array.isArray(adapters) ? adapters : [])];
    return models.map(model => ({ name, model: String(model) }));
  });
  return { models: modelNames(value), pools };
}

function modelNames(value: unknown): readonly string[] {
  return Object.keys(mapping(value, 'models'));
}

/** Models that a decision could name: those that embed are asked for by name. */
function answering(value: unknown): readonly string[] {
  return modelNames(value).filter(model => at(value, ['pool', 'models', model, 'kind']) !== 'embedding');
}

function mapping(value: unknown, block: string): object {
  const found = at(value, ['pool', block]);
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? found : {};
}

function explain({ code, path, message, offset, unknown, hint: own }: RouterProblem): Finding {
  const hint = own ?? (unknown === undefined ? undefined : suggestion(unknown.name, unknown.known));
  return {
    code,
    path: ['router', ...path],
    at: unknown !== undefined && path.at(-1) === unknown.name ? 'key' : 'value',
    message,
    ...(hint !== undefined && { hint }),
    ...(offset !== undefined && { offset }),
  };
}

function doubtsAboutRouter(router: RouterConfig, found: readonly RouterProblem[], models: readonly string[]) {
  return [...found.filter(({ level }) => level === 'warning').map(explain), ...unused(router, models)];
}

/** What is defined and never used: mostly what is left of an earlier policy, or a name that was meant elsewhere. */
function unused({ signals, decisions, safety }: RouterConfig, models: readonly string[]): readonly Finding[] {
  const read = new Set(
    decisions.flatMap(({ when }) => {
      const parsed = parseExpression(when);
      return parsed.ok ? signalsOf(parsed.tree) : [];
    }),
  );
  const safer = safety?.conversation?.models ?? [];
  const named = new Set([...decisions.flatMap(decision => decision.models ?? []), ...safer]);
  const idleSignals = Object.keys(signals).filter(signal => !read.has(signal));
  const idleModels = decisions.length === 0 ? [] : models.filter(model => !named.has(model));
  return [
    ...idleSignals.map(
      (signal): Finding => ({
        code: 'config.unused',
        path: ['router', 'signals', signal],
        at: 'key',
        message: `no decision reads the signal ${JSON.stringify(signal)}`,
        hint: 'use it in a when, or remove it',
      }),
    ),
    ...idleModels.map(
      (model): Finding => ({
        code: 'config.unused',
        path: ['pool', 'models', model],
        at: 'key',
        message: `no decision names the model ${JSON.stringify(model)}: only requests that ask for it by name reach it`,
      }),
    ),
  ];
}
