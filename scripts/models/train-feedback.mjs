// Trains the feedback head: what a user's message says of the answer before it.
// node scripts/models/train-feedback.mjs CLINC150.jsonl VECTORS_FOLDER [CACHE_FOLDER]
//   CLINC150.jsonl {text, intent}: what people ask an assistant, for messages that say nothing of an answer
import { join } from 'node:path';
import { seededRandom } from '../../dist/contract/random.js';
import { openStaticEmbedding } from '../../dist/models/static/static-embedding.js';
import { trainHead } from '../../dist/models/train/train-head.js';
import { embedder, jsonLines, picked, sections, variants, writeHead } from './texts.mjs';

const [, , clinc, vectors, cache] = process.argv;
const random = seededRandom(1);
/** Intents of CLINC150 that are something of an answer. */
const SAID = new Set([
  'thank_you',
  'yes',
  'no',
  'maybe',
  'repeat',
  'cancel',
  'goodbye',
  'next_song',
  'what_is_your_name',
]);
const asked = jsonLines(clinc).filter(({ intent }) => !SAID.has(intent));
writeHead(
  await trainHead({
    kind: 'feedback',
    summary: "What a user's message says of the answer before it: four kinds of feedback, or none.",
    data: [
      {
        name: 'messages, some by pattern',
        licence: 'Apache-2.0, part of Weir',
        heldOut: 'tune',
        texts: variants(sections(join(import.meta.dirname, 'data/feedback-train.txt')), random.fork('variants')),
      },
      {
        name: 'CLINC150, 400 requests as no feedback',
        licence: 'CC-BY-3.0',
        heldOut: 'nothing',
        texts: Array.from({ length: 400 }, () => ({ text: picked(asked, random).text, label: 'none', weight: 0.2 })),
      },
    ],
    tests: [
      {
        name: 'messages, written before training',
        licence: 'Apache-2.0, part of Weir',
        heldOut: 'nothing',
        texts: sections(join(import.meta.dirname, '../../bench/learned/feedback-test.txt')),
      },
    ],
    embedder: 'all-MiniLM-L6-v2',
    embed: await embedder(vectors, cache),
    fast: openStaticEmbedding(),
    random,
    date: new Date().toISOString().slice(0, 10),
    failures: [
      'It sees the message and not the answer before it: a bare correction of a fact ("it was 1648") is often taken for no feedback.',
      'Test and training texts are by one author; users of other habits will be judged worse.',
      'Praise that is meant ironically is taken for praise.',
      'English only.',
    ],
    progress: message => process.stderr.write(`${message}\n`),
  }),
);
