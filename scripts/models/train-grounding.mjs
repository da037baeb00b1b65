// Trains the head of grounding. node scripts/models/train-grounding.mjs HALUEVAL_QA.jsonl
import { writeFileSync } from 'node:fs';
import { GroundingContext } from '../../dist/models/grounding/features.js';
import { trainGrounding } from '../../dist/models/grounding/train-grounding.js';
import { openStaticEmbedding } from '../../dist/models/static/static-embedding.js';
import { claimsOf } from './grounding-texts.mjs';
import { jsonLines } from './texts.mjs';

const table = openStaticEmbedding();

/** Claims with their features; those that say nothing, a bare yes or no, have none. */
export function examplesOf(rows) {
  return claimsOf(rows).map(one => ({
    ...one,
    features: new GroundingContext(one.context, one.question, table).features(one.claim),
  }));
}

/** Of what is trained on, the share of grounded claims that the threshold flags. */
const FLAGGED = 0.05;

export function trainedOn(claims) {
  const examples = claims.filter(({ features }) => features !== undefined);
  const head = trainGrounding(examples, 0.5);
  const scores = examples
    .filter(({ label }) => label === 0)
    .map(({ features }) => probability(head, features))
    .sort((a, b) => b - a);
  return { ...head, threshold: Math.round(1e3 * Math.max(0.5, scores[Math.floor(FLAGGED * scores.length)])) / 1e3 };
}

export function probability({ weights, bias }, features) {
  if (features === undefined) return 0;
  return 1 / (1 + Math.exp(-weights.reduce((sum, weight, at) => sum + weight * features[at], bias)));
}

const [, script, file] = process.argv;
if (script.endsWith('train-grounding.mjs')) {
  const head = trainedOn(examplesOf(jsonLines(file)));
  const rounded = {
    ...head,
    weights: head.weights.map(weight => Math.round(weight * 1e4) / 1e4),
    bias: Math.round(head.bias * 1e4) / 1e4,
  };
  writeFileSync(
    'assets/heads/grounding.json',
    `${JSON.stringify(
      {
        ...rounded,
        card: {
          summary:
            'Whether a claim says what its context does not, by what of it is new: words, names, numbers, pairs of words, and likeness of vectors.',
          data: [{ name: 'HaluEval QA, development half (263 rows)', licence: 'MIT' }],
          measured: 'node bench/grounding.mjs: five folds by row',
          failures: [
            'Sees only what is new: a false claim made of the context’s own words passes, and so does what context and question are both silent about in common words.',
            'A true claim in other words than the context’s, or drawn from several of its sentences, may be flagged.',
            'English; one source of questions (HotpotQA).',
          ],
        },
      },
      undefined,
      1,
    )}\n`,
  );
}
