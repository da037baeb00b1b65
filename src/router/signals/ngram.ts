import { z } from 'zod';
import { share } from '#contract/schema.js';
import type { SignalInput, SignalValue } from '#contract/signal.js';
import { evidence, quoted } from './evidence.js';
import { comparedTerm, GramMatcher } from './gram-matcher.js';
import { scopedTexts, scopeSchema } from './scope.js';
import type { SignalType } from './signal-type.js';
import { approximateTerms, termProblems } from './terms.js';
import { notAllRead, whereIs } from './text/where.js';

const schema = z.strictObject({
  any: approximateTerms,
  above: share
    .default(0.7)
    .describe(
      'True when more than this share of a term’s n-grams stands together, in a stretch at most a quarter longer than the term.',
    ),
  size: z
    .int()
    .min(2)
    .max(4)
    .default(3)
    .describe('Letters in an n-gram. Terms in scripts without spaces are compared by two characters.'),
  in: scopeSchema,
});

type NgramOptions = z.output<typeof schema>;

/** Words and phrases, and what is built from them: inflected, compounded, run together. */
export const ngram: SignalType<NgramOptions> = {
  type: 'ngram',
  summary: 'Words and phrases that share most of their letters with a given one: inflections, compounds, endings.',
  scoreMeaning: 'the largest share of a term’s character n-grams that stands in one place, from 0 to 1',
  labelMeaning: 'the term that came nearest, when it came near enough',
  cost: { tier: 'inline', microseconds: 12 },
  schema,
  check: ({ any, above }) => [
    ...termProblems(any, comparedTerm, 'any'),
    ...(above < 1 ? [] : [{ code: 'config.range' as const, path: ['above'], message: 'no share is above 1' }]),
  ],
  build: (name, options) => {
    const matcher = new GramMatcher(options.any, options.size);
    return { name, type: 'ngram', cost: ngram.cost, evaluate: input => evaluate(matcher, options, input) };
  },
};

const NOTHING: SignalValue = Object.freeze({ state: 'false', score: 0, evidence: 'nothing like any term' });

function evaluate(matcher: GramMatcher, { above, in: scope }: NgramOptions, { request }: SignalInput): SignalValue {
  const scoped = scopedTexts(request, scope);
  const match = matcher.best(scoped.texts);
  const score = match === undefined ? 0 : Math.round(match.share * 1e4) / 1e4;
  const holds = score > above;
  if (!holds && (scoped.truncated || matcher.exhausted)) {
    const said = matcher.exhausted ? 'too many places to compare; the rest is not read' : notAllRead(scoped);
    return { state: 'unknown', score, evidence: said };
  }
  if (match === undefined) return NOTHING;
  const said = evidence(`${quoted(match.term)} ${score.toFixed(2)} at ${whereIs(match.offset, scoped)}`);
  return holds
    ? { state: 'true', score, label: match.term, evidence: said }
    : { state: 'false', score, evidence: said };
}
