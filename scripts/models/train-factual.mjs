// Trains the factual head: whether a request seeks facts that can be checked against the world.
// node scripts/models/train-factual.mjs DATA_FOLDER VECTORS_FOLDER [CACHE_FOLDER]
//   DATA_FOLDER has grounding/halueval-qa.jsonl {question} and grounding/halueval-general.jsonl {user_query}
import { join } from 'node:path';
import { seededRandom } from '../../dist/contract/random.js';
import { openStaticEmbedding } from '../../dist/models/static/static-embedding.js';
import { trainHead } from '../../dist/models/train/train-head.js';
import { embedder, jsonLines, sections, variants, writeHead } from './texts.mjs';

const [, , data, vectors, cache] = process.argv;
const random = seededRandom(1);
/** The word that a request begins with says what it is, where it is one of these: labels by rule, of little weight. */
const FACTUAL =
  /^(who|when|where|which|in (what|which) (year|country|city)|how (many|tall|old|far|long ago)|name the|identify the|what (is|are|was|were) the)\b/i;
const OTHER =
  /^(write|rewrite|compose|create|generate|edit|translate|summari[sz]e|convert|classify|sort|compute|calculate|design|draft|construct|come up|brainstorm|paraphrase|imagine|suggest|make|develop|rephrase|correct|arrange)\b/i;
const labelOf = text => (OTHER.test(text) ? 'other' : FACTUAL.test(text) ? 'factual' : undefined);
writeHead(
  await trainHead({
    kind: 'factual',
    summary: 'Whether a request seeks facts that can be checked against the world.',
    data: [
      {
        name: 'requests, some by pattern',
        licence: 'Apache-2.0, part of Weir',
        heldOut: 'tune',
        texts: variants(sections(join(import.meta.dirname, 'data/factual-train.txt')), random.fork('variants')),
      },
      {
        name: 'HaluEval, general: labelled by the word they begin with',
        licence: 'MIT',
        heldOut: 'nothing',
        texts: jsonLines(join(data, 'grounding/halueval-general.jsonl')).flatMap(({ user_query: text }) => {
          const label = labelOf(text);
          return label === undefined || text.length > 400 ? [] : [{ text, label, weight: 0.15 }];
        }),
      },
      {
        name: 'HaluEval, questions of HotpotQA',
        licence: 'MIT, CC-BY-SA-4.0',
        heldOut: 'nothing',
        texts: jsonLines(join(data, 'grounding/halueval-qa.jsonl')).map(({ question }) => ({
          text: question,
          label: 'factual',
          weight: 0.3,
        })),
      },
    ],
    tests: [
      {
        name: 'requests, written before training',
        licence: 'Apache-2.0, part of Weir',
        heldOut: 'nothing',
        texts: sections(join(import.meta.dirname, '../../bench/learned/factual-test.txt')),
      },
    ],
    embedder: 'all-MiniLM-L6-v2',
    embed: await embedder(vectors, cache),
    fast: openStaticEmbedding(),
    random,
    threshold: 0.6,
    date: new Date().toISOString().slice(0, 10),
    failures: [
      'Questions about how to do something lie between the two, and are judged either way.',
      'A request to write something factual (an essay on Rome) is mostly taken for other.',
      'Much of the training data is labelled by the word that it begins with.',
      'English only.',
    ],
    progress: message => process.stderr.write(`${message}\n`),
  }),
);
