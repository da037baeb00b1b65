// Trains the modality head: what kind of answer a request wants, text, an image, audio or a video.
// node scripts/models/train-modality.mjs CLINC150.jsonl VECTORS_FOLDER [CACHE_FOLDER]
//   CLINC150.jsonl {text, intent}: what people ask an assistant, as requests that want words
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../../dist/contract/random.js';
import { openStaticEmbedding } from '../../dist/models/static/static-embedding.js';
import { nearDuplicates } from '../../dist/models/train/duplicates.js';
import { trainHead } from '../../dist/models/train/train-head.js';
import { embedder, jsonLines, marked, picked, sections, variants, writeHead } from './texts.mjs';

const [, , clinc, vectors, cache] = process.argv;
const random = seededRandom(1);
const here = name => join(import.meta.dirname, name);
const embed = await embedder(vectors, cache);
/** Intents of CLINC150 that want something to be heard. */
const HEARD = new Set(['play_music', 'next_song', 'update_playlist', 'whisper_mode', 'change_accent', 'change_volume']);
const asked = jsonLines(clinc).filter(({ intent }) => !HEARD.has(intent));
const everyday = sections(here('data/everyday-train.txt'));
const test = marked(here('../../bench/learned/modality-test.txt'));
const english = test.filter(({ mark }) => mark !== 'fr');
const tested = await embed(test.map(({ text }) => text));

/** One author may have had one thought twice: stricter than what is left out of the sets of others. */
async function unlike(rows) {
  const same = nearDuplicates(await embed(rows.map(({ text }) => text)), tested, 0.85);
  process.stderr.write(`${rows.length} requests, ${same.size} near tested ones left out\n`);
  return rows.filter((_, at) => !same.has(at));
}

/** Lines of the file with the lists that they name written out: a list is a line `=name a|b|c`. */
function written(file) {
  const lists = new Map();
  for (const [, name, choices] of readFileSync(file, 'utf8').matchAll(/^=(\w+) (.*)$/gm)) lists.set(name, choices);
  const choices = (_, inside) => `{${inside.replace(/@(\w+)/g, (_, name) => lists.get(name))}}`;
  return sections(file)
    .filter(({ text }) => !text.startsWith('='))
    .map(({ text, label }) => ({ text: text.replace(/\{([^}]*)\}/g, choices), label }));
}

const some = (texts, count, weight) =>
  Array.from({ length: count }, () => ({ text: picked(texts, random).text, label: 'text', weight }));

writeHead(
  await trainHead({
    kind: 'modality',
    summary: 'What kind of answer an English request wants: text, an image, audio (speech, music, sounds) or a video.',
    data: [
      {
        name: 'requests, most by pattern',
        licence: 'Apache-2.0, part of Weir',
        heldOut: 'tune',
        texts: await unlike(variants(written(here('data/modality-train.txt')), random.fork('variants'))),
      },
      {
        name: 'everyday questions, 300 as wanting text',
        licence: 'Apache-2.0, part of Weir',
        heldOut: 'nothing',
        texts: some(everyday, 300, 0.3),
      },
      {
        name: 'CLINC150, 400 requests as wanting text',
        licence: 'CC-BY-3.0',
        heldOut: 'nothing',
        texts: some(asked, 400, 0.2),
      },
    ],
    tests: [
      {
        name: 'requests, written before training',
        licence: 'Apache-2.0, part of Weir',
        heldOut: 'nothing',
        texts: english.map(({ text, label }) => ({ text, label })),
      },
    ],
    embedder: 'all-MiniLM-L6-v2',
    embed,
    fast: openStaticEmbedding(),
    random,
    date: new Date().toISOString().slice(0, 10),
    failures: [
      'English only.',
      'What is asked for is mostly missed where it is named by a rare word or none (b-roll, a chime, a meme, a mood board): it is then taken for text.',
      'A picture that is to move ("make the dog in the photo run") is often taken for an image.',
      'Figures of speech ("paint me a picture, in words") and code or questions about media are sometimes taken for a wish for the medium.',
      'It sees the last message and not the conversation.',
      'Test and training texts are by one author; users of other habits will be judged worse.',
    ],
    progress: message => process.stderr.write(`${message}\n`),
  }),
);
