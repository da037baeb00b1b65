import { z } from 'zod';
import type { SignalInput, SignalValue } from '#contract/signal.js';
import { evidence, quoted } from './evidence.js';
import { FuzzyMatcher, MAX_WORDS } from './fuzzy-matcher.js';
import { fuzzyTerm, MAX_EDITS } from './fuzzy-terms.js';
import { scopedTexts, scopeSchema } from './scope.js';
import type { OptionProblem, SignalType } from './signal-type.js';
import { approximateTerms, termProblems } from './terms.js';
import { notAllRead, whereIs } from './text/where.js';

const schema = z.strictObject({
  any: approximateTerms,
  edits: z
    .union([z.enum(['auto']), z.int().min(0).max(MAX_EDITS)])
    .default('auto')
    .describe(
      'Letters that may be missing, too many, wrong, or exchanged with their neighbour. `auto`: none in terms of up to 4 letters, 1 up to 8, 2 beyond.',
    ),
  in: scopeSchema,
});

type FuzzyOptions = z.output<typeof schema>;

/** Words and phrases with typing errors in them. */
export const fuzzy: SignalType<FuzzyOptions> = {
  type: 'fuzzy',
  summary: 'Words and phrases, also with typing errors in them.',
  scoreMeaning:
    'likeness of the nearest term: 1 less the share of its letters that were edited; 0 when none is near enough',
  labelMeaning: 'the term that was found',
  cost: { tier: 'inline', microseconds: 6 },
  schema,
  check: ({ any, edits }) => [
    ...termProblems(any, term => fuzzyTerm(term, edits).text, 'any'),
    ...any.flatMap((term, index) => lengthProblems(term, edits, index)),
  ],
  build: (name, options) => {
    const matcher = new FuzzyMatcher(options.any.map(term => fuzzyTerm(term, options.edits)));
    return { name, type: 'fuzzy', cost: fuzzy.cost, evaluate: input => evaluate(matcher, options, input) };
  },
};

function lengthProblems(term: string, edits: FuzzyOptions['edits'], index: number): OptionProblem[] {
  const { text, words, unspaced, edits: allowed } = fuzzyTerm(term, edits);
  if (allowed > 0 && text.length <= allowed * 2) {
    const message = `${allowed} edits make ${JSON.stringify(term)} of half of all words so short`;
    return [{ code: 'config.range', path: ['any', index], message, hint: 'edits: auto, or a longer term' }];
  }
  if (unspaced || words <= MAX_WORDS) return [];
  const message = `a phrase of ${words} words; at most ${MAX_WORDS} are compared`;
  return [{ code: 'config.range', path: ['any', index], message, hint: 'its most telling words, or an ngram signal' }];
}

const NOTHING: SignalValue = Object.freeze({ state: 'false', score: 0, evidence: 'no term near enough' });

function evaluate(matcher: FuzzyMatcher, { in: scope }: FuzzyOptions, { request }: SignalInput): SignalValue {
  const scoped = scopedTexts(request, scope);
  const match = matcher.best(scoped.texts);
  if (match === undefined) {
    if (matcher.exhausted) return TOO_MANY;
    return scoped.truncated ? { state: 'unknown', score: 0, evidence: notAllRead(scoped) } : NOTHING;
  }
  const { term, edits, found, similarity, offset } = match;
  const as = edits === 0 ? '' : ` as ${quoted(found)}, ${edits === 1 ? '1 edit' : `${edits} edits`},`;
  return {
    state: 'true',
    score: Math.round(similarity * 1e4) / 1e4,
    label: term.term,
    evidence: evidence(`${quoted(term.term)}${as} at ${whereIs(offset, scoped)}`),
  };
}

const TOO_MANY: SignalValue = Object.freeze({
  state: 'unknown',
  score: 0,
  evidence: 'too many near misses to compare; the rest is not read',
});
