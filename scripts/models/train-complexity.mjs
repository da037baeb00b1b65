// Trains the complexity head on outcome tables: a question is hard when most of the models that were tried on it were wrong.
// node scripts/models/train-complexity.mjs MMLU_PRO.jsonl MMLU.jsonl VECTORS_FOLDER [CACHE_FOLDER]
//   MMLU_PRO.jsonl {question, correct: one character a model, 1 or 0}; MMLU.jsonl {prompt, "mistralai/…": "True"|"False"}
import { seededRandom } from '../../dist/contract/random.js';
import { openStaticEmbedding } from '../../dist/models/static/static-embedding.js';
import { trainHead } from '../../dist/models/train/train-head.js';
import { embedder, jsonLines, writeHead } from './texts.mjs';

/** Shares of the models that are right; between them a question is neither easy nor hard, and is not trained or tested on. */
const HARD_BELOW = 0.35;
const EASY_FROM = 0.55;
const WEAK = 'mistralai/Mixtral-8x7B-Instruct-v0.1';

const [, , pro, mmlu, vectors, cache] = process.argv;

function labelOf(correct) {
  const known = [...correct].filter(one => one !== '?');
  const share = known.filter(one => one === '1').length / known.length;
  return share < HARD_BELOW ? 'hard' : share >= EASY_FROM ? 'easy' : undefined;
}

writeHead(
  await trainHead({
    kind: 'complexity',
    summary:
      'Whether most language models get an English question wrong (hard) or right (easy), by what 28 models did on MMLU-Pro.',
    data: [
      {
        name: 'MMLU-Pro',
        licence: 'MIT, Apache-2.0',
        heldOut: 'tune and test',
        texts: jsonLines(pro).flatMap(({ question, correct }) => {
          const label = labelOf(correct);
          return label === undefined ? [] : [{ text: question, label }];
        }),
      },
      {
        name: 'MMLU by Mixtral-8x7B (RouteLLM)',
        licence: 'Apache-2.0',
        heldOut: 'nothing',
        texts: jsonLines(mmlu).map(row => ({
          text: row.prompt.replace(/\nA\. [\s\S]*$/, ''),
          label: row[WEAK] === 'True' ? 'easy' : 'hard',
          // One model's luck says little.
          weight: 0.2,
        })),
      },
    ],
    tests: [],
    embedder: 'all-MiniLM-L6-v2',
    embed: await embedder(vectors, cache),
    fast: openStaticEmbedding(),
    random: seededRandom(1),
    strength: 1,
    threshold: 0.55,
    date: new Date().toISOString().slice(0, 10),
    failures: [
      'Trained on exam questions with answers to choose from: what is hard about an open task, or a long one, it has not seen.',
      'Much of what makes a question hard is not in its wording; a third of the answers are wrong.',
      'English only.',
    ],
    progress: message => process.stderr.write(`${message}\n`),
  }),
);
