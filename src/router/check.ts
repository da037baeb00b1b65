import { checkDecisions } from './decisions-check.js';
import { checkPrivacy } from './privacy-check.js';
import { duplicates, error, type RouterProblem, type RouterSurroundings, unknownName } from './problem.js';
import type { RouterConfig } from './schema.js';
import { checkSignals } from './signals-check.js';
import { checkTests } from './tests-check.js';

/**
 * Everything wrong with a `router:` block that its schema cannot see: names of nothing, names that stand twice, expressions that
 * do not parse or compare what cannot be compared, unsafe patterns, decisions that can never be reached. Throws nothing.
 */
export function checkRouter(config: RouterConfig, around: RouterSurroundings): readonly RouterProblem[] {
  return [
    ...checkVirtualNames(config, around),
    ...checkSignals(config),
    ...checkPrivacy(config),
    ...checkDecisions(config, around),
    ...checkTests(config, around),
    ...checkSafety(config, around),
  ];
}

function checkVirtualNames({ names }: RouterConfig, { models }: RouterSurroundings): RouterProblem[] {
  return [
    ...duplicates(names, index => ['names', index], 'the virtual name'),
    ...names.flatMap((name, index) =>
      models.includes(name)
        ? [error('config.duplicate', ['names', index], `${name} is a real model and cannot be a virtual name as well`)]
        : [],
    ),
  ];
}

function checkSafety({ safety }: RouterConfig, { models }: RouterSurroundings): RouterProblem[] {
  return (safety?.conversation?.models ?? []).flatMap((model, at) =>
    models.includes(model) ? [] : [unknownName(['safety', 'conversation', 'models', at], 'model', model, models)],
  );
}
