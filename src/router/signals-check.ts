import { error, type RouterProblem, unknownName } from './problem.js';
import type { RouterConfig } from './schema.js';
import { askedClassifier } from './signals/classifier.js';
import { wantedKinds } from './signals/defined-kinds.js';
import { signalType } from './signals/set.js';

/** Characters of an example that a message repeats. */
const SHOWN = 80;

/** Whether signals are what their types take, and what they ask for by name, and models and routes do, is defined. */
export function checkSignals(config: RouterConfig): RouterProblem[] {
  return [...checkOptions(config), ...checkRoutes(config), ...checkKinds(config), ...checkClassifiers(config)];
}

function checkOptions({ signals }: RouterConfig): RouterProblem[] {
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
  problems.push(...checkExamples(routes));
  const { embedder, embedders } = learned;
  if (embedder !== 'default' && !Object.hasOwn(embedders, embedder)) {
    problems.push(unknownName(['learned', 'embedder'], 'embedder', embedder, ['default', ...Object.keys(embedders)]));
  }
  return problems;
}

/** A text that is an example of two routes tells nothing of either, and makes all of them less likely. */
function checkExamples(routes: RouterConfig['routes']): RouterProblem[] {
  const owners = new Map<string, string>();
  const problems: RouterProblem[] = [];
  for (const [name, examples] of Object.entries(routes)) {
    for (const [at, example] of examples.entries()) {
      const text = example.trim();
      const owner = owners.get(text) ?? name;
      owners.set(text, owner);
      if (owner === name) continue;
      problems.push({
        code: 'config.duplicate',
        level: 'warning',
        path: ['routes', name, at],
        message: `${JSON.stringify(text.slice(0, SHOWN))} is an example of ${owner} already`,
        hint: 'an example of one of the two, or of neither',
      });
    }
  }
  return problems;
}
