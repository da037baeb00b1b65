// How often it is told which knowledge base holds the answer, by the model that comes with Weir.
// node bench/knowledge.mjs [--cache FOLDER]
//   bench/learned/knowledge: three small bases, 66 questions that they answer, 12 of their topics that they do not, 30 of none; nothing was fitted or chosen by them.
// Intervals are Wilson's, 95 %. Controls: the same with the words alone (BM25) and with the meaning alone (cosine), each fitted in the same way.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machineClock } from '../dist/gateway/machine-clock.js';
import { KnowledgeBases } from '../dist/models/knowledge/knowledge-bases.js';
import { readKnowledge } from '../dist/models/knowledge/read-knowledge.js';
import { ModelHost } from '../dist/models/model-host.js';
import { wilson } from '../dist/models/train/calibration.js';
import { learnedSchema } from '../dist/router/learned-schema.js';
import { wordIndex } from '../dist/router/signals/word-index.js';
import { help } from './support/help.mjs';

help(import.meta.url);

const { values: options } = parseArgs({ options: { cache: { type: 'string', default: '.weir/models' } } });
const folder = join(import.meta.dirname, 'learned', 'knowledge');
const host = new ModelHost(machineClock);
const settings = learnedSchema.parse({ cache: options.cache, queue: 4096, patience: '600s' });
const files = {
  shop: { files: [join(folder, 'shop.md')] },
  machine: { files: [join(folder, 'machine.txt')] },
  library: { files: [join(folder, 'library.jsonl')] },
};

/** Questions with the name of the base that answers them. */
function questions() {
  let label = '';
  return readFileSync(join(folder, 'questions.txt'), 'utf8')
    .split('\n')
    .flatMap(line => {
      if (line === '' || line.startsWith('#')) return [];
      const heading = /^\[(.+)\]$/.exec(line);
      if (heading === null) return [{ text: line, label }];
      label = heading[1];
      return [];
    });
}

const share = (count, of) =>
  `${count} of ${of}, ${((100 * count) / of).toFixed(1)} % (${wilson(count / of, of)
    .map(limit => (100 * limit).toFixed(1))
    .join('–')})`;

async function judged(bases) {
  const begun = performance.now();
  await bases.prepare();
  const readMs = performance.now() - begun;
  const count = { inside: 0, right: 0, wrong: 0, silent: 0, top: 0, near: 0, nearTaken: 0, none: 0, taken: 0 };
  for (const { text, label } of questions()) {
    const { best, sure } = await bases.classify(text, { whenBusy: 'wait' });
    if (label === 'none' || label === 'near') {
      count[label]++;
      if (sure) count[label === 'none' ? 'taken' : 'nearTaken']++;
      continue;
    }
    count.inside++;
    const right = bases.labels[best] === label;
    if (right) count.top++;
    if (!sure) count.silent++;
    else if (right) count.right++;
    else count.wrong++;
  }
  return { ...count, readMs };
}

const chunks = readKnowledge(files);
const embedder = host.embedder('default', settings);
await embedder.prepare();
const ports = { embedder, words: wordIndex, gist: text => text, patienceMs: 600_000 };
// A control sees one of the two alike for every chunk, so that the other alone decides.
const unworded = texts => ({ scores: () => new Float64Array(texts.length) });
const meaningless = {
  ...embedder,
  embed: async texts => texts.map(() => new Float32Array(384)),
};
const kinds = {
  'both, as shipped': ports,
  'control, words alone (BM25)': { ...ports, embedder: meaningless },
  'control, meaning alone (cosine)': { ...ports, words: unworded },
};
process.stdout.write(`${chunks.length} chunks\n`);
for (const [name, given] of Object.entries(kinds)) {
  const count = await judged(new KnowledgeBases(Object.keys(files), chunks, given));
  process.stdout.write(`${name}: right base said ${share(count.right, count.inside)}; wrong base said ${share(count.wrong, count.inside)}; nothing said ${share(count.silent, count.inside)}
  likeliest base right, said or not ${share(count.top, count.inside)}
  unrelated questions taken ${share(count.taken, count.none)}; of the topics but answered in none, taken ${share(count.nearTaken, count.near)}
  read in ${(count.readMs / 1000).toFixed(2)} s
`);
}
await host.close();
