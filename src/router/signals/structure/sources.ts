import { z } from 'zod';
import { WeirError } from '#contract/errors.js';
import { Literals } from '#router/signals/literals.js';
import { MAX_PATTERN_LENGTH, safePattern } from '#router/signals/pattern.js';
import type { OptionProblem } from '#router/signals/signal-type.js';
import { termProblems } from '#router/signals/terms.js';
import { folded } from '#router/signals/text/fold.js';
import { FEATURES, featureFinder } from './features.js';
import type { Finder } from './finder.js';
import { FirstOf } from './first-of.js';
import { PatternFinder } from './pattern-finder.js';

const keywords = z
  .array(z.string().trim().min(1).max(200))
  .min(1)
  .max(256)
  .describe('Any of these words and phrases, found as by the keyword signal.');
const regex = z
  .array(z.string().min(1).max(MAX_PATTERN_LENGTH))
  .min(1)
  .max(16)
  .describe('What any of these regular expressions matches. Their repeats need an end, such as {0,20}.');
const given = z
  .strictObject({ keywords: keywords.optional(), regex: regex.optional() })
  .refine(source => (source.keywords === undefined) !== (source.regex === undefined), {
    message: 'exactly one of keywords, regex',
  });

/** What can be counted. */
export const sourceSchema = z.union([z.enum(FEATURES), given]);
/** What can come after one another. */
export const stepSchema = z.union([z.enum(FEATURES).exclude(['words', 'lines', 'sentences']), given]);

export type Source = z.output<typeof sourceSchema>;

/** Makes the finder of a source; `undefined` for words, which are counted without being found. */
export function finderOf(source: Source, caseSensitive: boolean): Finder | undefined {
  if (source === 'words') return undefined;
  if (typeof source === 'string') return featureFinder(source);
  if (source.keywords !== undefined) return new LiteralFinder(new Literals(source.keywords, caseSensitive));
  return new FirstOf((source.regex ?? []).map(pattern => compiled(pattern, caseSensitive)));
}

/** @param path where the source stands below the options. */
export function sourceProblems(
  source: Source,
  caseSensitive: boolean,
  path: readonly (string | number)[],
): OptionProblem[] {
  if (typeof source === 'string') return [];
  const form = caseSensitive ? (term: string) => term : folded;
  const terms = termProblems(source.keywords ?? [], form, 'keywords');
  return [
    ...terms.map(problem => ({ ...problem, path: [...path, ...problem.path] })),
    ...(source.regex ?? []).flatMap((pattern, index): OptionProblem[] => {
      const problem = patternProblem(pattern, caseSensitive);
      return problem === undefined
        ? []
        : [{ code: 'config.unsafe_pattern', path: [...path, 'regex', index], ...problem }];
    }),
  ];
}

function patternProblem(pattern: string, caseSensitive: boolean): Omit<OptionProblem, 'code' | 'path'> | undefined {
  const safe = safePattern(pattern, caseSensitive);
  if ('problem' in safe) {
    const { problem: message, ...rest } = safe;
    return { message, ...rest };
  }
  if (safe.engine === 'backtracking') return undefined;
  // Each match may look on to the end of the text, which counting would pay for again and again.
  return {
    message: 'has a repeat without an end, or too many ways to match, to be counted in linear time',
    hint: 'bounded repeats such as {0,20} in place of * and +',
  };
}

function compiled(pattern: string, caseSensitive: boolean): Finder {
  const problem = patternProblem(pattern, caseSensitive);
  if (problem !== undefined) throw new WeirError('config.unsafe_pattern', `${pattern}: ${problem.message}`);
  return new PatternFinder(pattern, caseSensitive ? 'u' : 'iu');
}

class LiteralFinder implements Finder {
  end = 0;
  private text = '';

  constructor(private readonly literals: Literals) {}

  begin(text: string): void {
    this.text = text;
    this.end = 0;
  }

  next(from: number): number {
    const at = this.literals.find(this.text, from);
    this.end = this.literals.end;
    return at;
  }
}
