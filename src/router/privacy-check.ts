import { PERSONAL_KINDS } from '#contract/personal-data.js';
import type { PrivacyConfig } from './privacy-schema.js';
import { error, type ProblemPath, type RouterProblem, unknownName } from './problem.js';
import type { RouterConfig } from './schema.js';
import { safePattern } from './signals/pattern.js';
import { pii } from './signals/pii.js';

/** Longest that a pattern of personal data may match, with all that it looks at around: texts are read in pieces that overlap by more. */
export const LONGEST_MATCH = 128;
/** Nothing that is shorter tells of anyone. */
const SHORTEST_MATCH = 2;
const WHAT = 'kind of personal data';

/** The kinds of personal data there are: those that come with Weir, and those that a configuration defines by patterns and models of its own. */
export function personalKinds({ models, patterns }: PrivacyConfig): readonly string[] {
  const named = Object.values(models).flatMap(types => Object.values(types).filter(kind => kind !== 'off'));
  return [...new Set([...PERSONAL_KINDS, ...Object.keys(patterns), ...named])];
}

/** Whether models that find personal data and kinds of it are defined where they are named, and patterns can be looked for safely. */
export function checkPrivacy({ privacy, learned, signals }: RouterConfig): RouterProblem[] {
  const classifiers = Object.keys(learned.classifiers);
  const known = personalKinds(privacy);
  const unknown = (path: ProblemPath, kind: string): RouterProblem[] =>
    known.includes(kind) ? [] : [unknownName(path, WHAT, kind, known)];
  return [
    ...Object.keys(privacy.models).flatMap(name =>
      classifiers.includes(name) ? [] : [unknownName(['privacy', 'models', name], 'classifier', name, classifiers)],
    ),
    ...Object.keys(privacy.kinds).flatMap(kind => unknown(['privacy', 'kinds', kind], kind)),
    ...Object.entries(signals).flatMap(([name, { type, options }]) =>
      type === pii.type
        ? askedKinds(options).flatMap(({ kind, path }) => unknown(['signals', name, type, ...path], kind))
        : [],
    ),
    ...Object.entries(privacy.patterns).flatMap(([kind, { pattern, case_sensitive }]) =>
      [pattern].flat().flatMap((source, at) => {
        const path = ['privacy', 'patterns', kind, 'pattern', ...(typeof pattern === 'string' ? [] : [at])];
        return checkPattern(source, case_sensitive, path);
      }),
    ),
  ];
}

/** The kinds that a `pii` signal asks for by name. */
function askedKinds(options: unknown): readonly { readonly kind: string; readonly path: ProblemPath }[] {
  const given = options as string | readonly string[] | { readonly any?: readonly string[] };
  if (typeof given === 'string') return [{ kind: given, path: [] }];
  if ('any' in given) return (given.any ?? []).map((kind, at) => ({ kind, path: ['any', at] }));
  return Array.isArray(given) ? given.map((kind: string, at) => ({ kind, path: [at] })) : [];
}

function checkPattern(source: string, caseSensitive: boolean, path: ProblemPath): RouterProblem[] {
  const compiled = safePattern(source, caseSensitive);
  if ('problem' in compiled) {
    const { problem, ...detail } = compiled;
    return [error('config.unsafe_pattern', path, problem, detail)];
  }
  const { least, most } = compiled.width ?? { least: 0, most: Number.POSITIVE_INFINITY };
  if (most > LONGEST_MATCH) {
    const hint = 'bounded repeats such as {1,20} in place of * and +';
    return [error('config.unsafe_pattern', path, `may match more than ${LONGEST_MATCH} characters`, { hint })];
  }
  if (least < SHORTEST_MATCH) {
    const hint = 'a pattern of which nothing shorter is a match';
    return [error('config.invalid', path, `may match fewer than ${SHORTEST_MATCH} characters`, { hint })];
  }
  return [];
}
