// How often learned signals are right, and how fast they are.
// node bench/learned.mjs DATA_FOLDER [--vectors FOLDER] [--cache FOLDER] [--only banking,clinc,domain,modality,speed]
//   DATA_FOLDER has text/banking77.jsonl and text/clinc150.jsonl {text, intent, split?}. Vectors are kept in the folder from run to run.
// Accuracy is on a fifth of the texts that is never trained or tuned on. Controls: the largest class, the nearest centroid, the transformer always.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { seededRandom } from '../dist/contract/random.js';
import { Cascade } from '../dist/models/heads/cascade.js';
import { headFile } from '../dist/models/heads/head-cards.js';
import { readHead } from '../dist/models/heads/head-file.js';
import { largestOf } from '../dist/models/heads/linear-layer.js';
import { QuickFeatures } from '../dist/models/heads/quick-features.js';
import { TwoTiers } from '../dist/models/heads/two-tiers.js';
import { dot } from '../dist/models/runtime/pooling.js';
import { openStaticEmbedding } from '../dist/models/static/static-embedding.js';
import { nearDuplicates } from '../dist/models/train/duplicates.js';
import { trainRoutes } from '../dist/models/train/train-routes.js';
import { embedder, jsonLines, sections } from '../scripts/models/texts.mjs';
import { help } from './support/help.mjs';
import { hardware, openModels, percent, print, timed, told, WORDS, withInterval } from './support/learned.mjs';
import { modalityWanted } from './support/modality-wanted.mjs';

help(import.meta.url);

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    vectors: { type: 'string', default: '.weir/bench-vectors' },
    cache: { type: 'string', default: '.weir/models' },
    only: { type: 'string', default: 'banking,clinc,domain,modality,speed' },
  },
});
const [data = '.'] = positionals;
const embed = await embedder(options.vectors, options.cache);
const table = openStaticEmbedding();
const fast = new QuickFeatures(table);
const say = message => process.stderr.write(`${message}\n`);

async function routes(name, rows) {
  const random = seededRandom(1).fork(name);
  const inScope = rows.filter(({ intent }) => intent !== 'oos');
  const outside = rows.filter(({ intent }) => intent === 'oos');
  const held = new Set(inScope.filter(() => random.next() < 0.2));
  const strange = new Set(outside.filter(() => random.next() < 0.5));
  const asText = ({ text, intent }) => ({ text, label: intent });
  const test = [...held];
  const train = inScope.filter(row => !held.has(row));
  const [testVectors, trainVectors] = [await embed(test.map(row => row.text)), await embed(train.map(row => row.text))];
  const same = nearDuplicates(trainVectors, testVectors, 0.95);
  const kept = train.filter((_, at) => !same.has(at));
  const begun = performance.now();
  const head = await trainRoutes({
    texts: [...kept, ...outside.filter(row => !strange.has(row))].map(asText),
    embedder: 'all-MiniLM-L6-v2',
    embed,
    fast: table,
    random: seededRandom(1),
    date: '',
    progress: say,
  });
  const seconds = (performance.now() - begun) / 1000;
  const ready = { name: 'all-MiniLM-L6-v2', dimension: 384, prepare: async () => {}, embed };
  const cascade = new Cascade(head, { embedder: ready, fast, patienceMs: 1000 });
  const tiers = new TwoTiers(head, true);
  const centroids = head.labels.map(label =>
    centre(kept.flatMap(row => (row.intent === label ? [trainVectors[train.indexOf(row)]] : []))),
  );
  let [byCascade, byLabel, byModel, byCentroid, escalated] = [0, 0, 0, 0, 0];
  const sure = { inside: [], outside: [] };
  for (const [at, { text, intent }] of test.entries()) {
    const verdict = await cascade.classify(text, { whenBusy: 'wait' });
    if (head.labels[verdict.best] === intent) byCascade++;
    if (verdict.tier === 'model') escalated++;
    const probabilities = tiers.byModel(testVectors[at], tiers.fastLogits(fast.of(text)));
    const best = largestOf(probabilities);
    sure.inside.push(verdict.probabilities[verdict.best]);
    if (verdict.sure && head.labels[verdict.best] === intent) byLabel++;
    if (head.labels[best] === intent) byModel++;
    if (head.labels[largestOf(centroids.map(c => dot(c, testVectors[at])))] === intent) byCentroid++;
  }
  const counts = new Map();
  for (const { intent } of kept) counts.set(intent, (counts.get(intent) ?? 0) + 1);
  const [majority] = [...counts].sort((a, b) => b[1] - a[1]);
  const byMajority = test.filter(({ intent }) => intent === majority[0]).length;
  const strangers = [...strange].map(row => row.text);
  await embed(strangers);
  for (const text of strangers) {
    const { probabilities, best } = await cascade.classify(text, { whenBusy: 'wait' });
    sure.outside.push(probabilities[best]);
  }
  print(name, {
    'routes, texts trained on, near-duplicates left out': `${head.labels.length}, ${kept.length}, ${same.size}`,
    'seconds to train': seconds.toFixed(0),
    'texts tested on': test.length,
    'both tiers': withInterval(byCascade, test.length),
    'both tiers, texts turned away counted as wrong': withInterval(byLabel, test.length),
    'share that needed the transformer': percent(escalated / test.length),
    'control: the transformer always': withInterval(byModel, test.length),
    'control: nearest centroid': withInterval(byCentroid, test.length),
    'control: largest class': withInterval(byMajority, test.length),
    ...(strangers.length > 0 && {
      [`out of scope, AUROC on ${strangers.length} texts`]: auroc(sure.inside, sure.outside).toFixed(3),
      'out of scope turned away at the threshold': withInterval(
        sure.outside.filter(p => p < head.threshold).length,
        strangers.length,
      ),
      'in scope turned away at the threshold': withInterval(
        sure.inside.filter(p => p < head.threshold).length,
        test.length,
      ),
    }),
  });
}

async function domain() {
  const head = readHead(headFile('domain'));
  const rows = sections(join(import.meta.dirname, 'learned/everyday-test.txt'));
  const vectors = await embed(rows.map(row => row.text));
  const ready = { name: 'all-MiniLM-L6-v2', dimension: 384, prepare: async () => {}, embed };
  const cascade = new Cascade(head, { embedder: ready, fast, patienceMs: 1000 });
  const tiers = new TwoTiers(head, true);
  let [byCascade, byModel, escalated] = [0, 0, 0];
  for (const [at, { text, label }] of rows.entries()) {
    const verdict = await cascade.classify(text, { whenBusy: 'wait' });
    if (head.labels[verdict.best] === label) byCascade++;
    if (verdict.tier === 'model') escalated++;
    if (head.labels[largestOf(tiers.byModel(vectors[at], tiers.fastLogits(fast.of(text))))] === label) byModel++;
  }
  print('domain, everyday questions', {
    'texts tested on': rows.length,
    'both tiers': withInterval(byCascade, rows.length),
    'share that needed the transformer': percent(escalated / rows.length),
    'control: the transformer always': withInterval(byModel, rows.length),
    'control: largest class': withInterval(22, rows.length),
  });
  for (const [name, tiers] of Object.entries(head.card.results)) {
    print(
      `domain, ${name} (as on the card)`,
      Object.fromEntries(
        Object.entries(tiers).map(([tier, f]) => [
          tier,
          `${percent(f.accuracy)} of ${f.texts} (${f.interval.map(percent).join(' to ')}), ECE ${f.ece}${f.escalated === undefined ? '' : `, escalated ${percent(f.escalated)}`}`,
        ]),
      ),
    );
  }
}

async function speed() {
  const { host, settings, models } = openModels(options.cache);
  const begun = performance.now();
  const classifier = models.head('domain');
  await classifier.prepare();
  const start = performance.now() - begun;
  const transformer = host.embedder('default', settings);
  const random = seededRandom(3);
  const unique = () => Array.from({ length: 28 }, () => WORDS[random.below(WORDS.length)]).join(' ');
  const everyday = sections(join(import.meta.dirname, 'learned/everyday-test.txt')).map(row => row.text);
  const times = { pass: [], domain: [], fast: [], everyday: [] };
  let escalated = 0;
  for (let at = 0; at < 300; at++) {
    times.pass.push(await timed(() => transformer.embed([unique()])));
    times.domain.push(await timed(() => classifier.classify(unique(), { whenBusy: 'wait' })));
    const text = unique();
    times.fast.push(await timed(() => fast.of(text)));
    const [question] = [`${everyday[at % everyday.length]} ${at}`];
    let tier = '';
    times.everyday.push(
      await timed(async () => ({ tier } = await classifier.classify(question, { whenBusy: 'wait' }))),
    );
    if (tier === 'model') escalated++;
  }
  print('speed, one thread, one text at a time', {
    'from nothing to the first answer': `${start.toFixed(0)} ms`,
    'control: a pass of the transformer, 30 tokens': told(times.pass),
    'domain, unique texts of 30 tokens': told(times.domain),
    'fast tier alone, 30 tokens': told(times.fast),
    [`domain, everyday questions, ${percent(escalated / 300)} of which need the transformer`]: told(times.everyday),
    'memory of the process': `${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`,
  });
  await host.close();
}

function centre(vectors) {
  const sum = new Float32Array(384);
  for (const vector of vectors) for (let i = 0; i < 384; i++) sum[i] += vector[i];
  const length = Math.sqrt(dot(sum, sum)) || 1;
  return sum.map(value => value / length);
}

/** The chance that a text in scope is surer than one that is not. */
function auroc(inside, outside) {
  let above = 0;
  for (const p of inside) for (const q of outside) above += p > q ? 1 : p === q ? 0.5 : 0;
  return above / (inside.length * outside.length);
}

process.stdout.write(`${hardware()}
`);
const wanted = options.only.split(',');
if (wanted.includes('domain')) await domain();
if (wanted.includes('modality')) await modalityWanted(options.cache);
if (wanted.includes('banking')) await routes('BANKING77', jsonLines(join(data, 'text/banking77.jsonl')));
if (wanted.includes('clinc')) await routes('CLINC150', jsonLines(join(data, 'text/clinc150.jsonl')));
if (wanted.includes('speed')) await speed();
