// How often learned signals are right, and how fast they are.
// node bench/learned.mjs DATA_FOLDER [--vectors FOLDER] [--cache FOLDER] [--only banking,clinc,domain,modality,speed] [--fifths 1]
//   DATA_FOLDER has text/banking77.jsonl and text/clinc150.jsonl {text, intent, split?}. Vectors are kept in the folder from run to run.
// Accuracy is on a fifth of the texts that is never trained or tuned on; with --fifths 5 of routes on each fifth in turn, by routes trained on the four others.
// Controls: the largest class, the nearest centroid, the transformer always.
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
    fifths: { type: 'string', default: '1' },
  },
});
const [data = '.'] = positionals;
const embed = await embedder(options.vectors, options.cache);
const table = openStaticEmbedding();
const fast = new QuickFeatures(table);
const say = message => process.stderr.write(`${message}\n`);

const FIFTHS = 5;

async function routes(name, rows) {
  const random = seededRandom(1).fork(name);
  const inScope = rows.filter(({ intent }) => intent !== 'oos');
  const outside = rows.filter(({ intent }) => intent === 'oos');
  const fifthOf = new Map(inScope.map(row => [row, Math.floor(FIFTHS * random.next())]));
  const strange = new Set(outside.filter(() => random.next() < 0.5));
  const told = outside.filter(row => !strange.has(row));
  const results = [];
  for (let fifth = 0; fifth < Number(options.fifths); fifth++) {
    const [test, train] = [true, false].map(held => inScope.filter(row => (fifthOf.get(row) === fifth) === held));
    results.push(await fifthOfRoutes({ train, test, told, strangers: [...strange] }));
    say(`${name}, fifth ${fifth + 1}: ${withInterval(results.at(-1).right.cascade, test.length)}`);
  }
  const sum = of => results.reduce((total, result) => total + of(result), 0);
  const each = of => results.map(of).join('; ');
  const all = of => results.flatMap(of);
  const texts = sum(result => result.texts);
  const [inside, beyond] = [all(({ sure }) => sure.inside), all(({ sure }) => sure.outside)];
  const turnedAway = sum(({ away }) => away.inside);
  print(name, {
    'routes, texts trained on, near-duplicates left out': each(one => `${one.labels}, ${one.kept}, ${one.same}`),
    'seconds to train': each(({ seconds }) => seconds.toFixed(0)),
    'texts tested on': texts,
    'both tiers': withInterval(
      sum(({ right }) => right.cascade),
      texts,
    ),
    'both tiers, texts turned away counted as wrong': withInterval(
      sum(({ right }) => right.said),
      texts,
    ),
    'share that needed the transformer': percent(sum(({ escalated }) => escalated) / texts),
    'control: the transformer always': withInterval(
      sum(({ right }) => right.model),
      texts,
    ),
    'control: nearest centroid': withInterval(
      sum(({ right }) => right.centroid),
      texts,
    ),
    'control: largest class': withInterval(
      sum(({ right }) => right.majority),
      texts,
    ),
    ...(results.length > 1 && { 'both tiers, each fifth': each(one => percent(one.right.cascade / one.texts)) }),
    ...(beyond.length > 0 && {
      [`out of scope, AUROC on ${beyond.length} texts`]: auroc(inside, beyond).toFixed(3),
      'out of scope turned away at the threshold': withInterval(
        sum(({ away }) => away.outside),
        beyond.length,
      ),
      'in scope turned away at the threshold': withInterval(turnedAway, texts),
    }),
  });
}

/** What routes trained on some texts make of others. */
async function fifthOfRoutes({ train, test, told, strangers }) {
  const asText = ({ text, intent }) => ({ text, label: intent });
  const [testVectors, trainVectors] = [await embed(test.map(row => row.text)), await embed(train.map(row => row.text))];
  const same = nearDuplicates(trainVectors, testVectors, 0.95);
  const kept = train.filter((_, at) => !same.has(at));
  const begun = performance.now();
  const head = await trainRoutes({
    texts: [...kept, ...told].map(asText),
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
  const vectorOf = new Map(train.map((row, at) => [row, trainVectors[at]]));
  const centroids = head.labels.map(label =>
    centre(kept.flatMap(row => (row.intent === label ? [vectorOf.get(row)] : []))),
  );
  const counts = new Map();
  for (const { intent } of kept) counts.set(intent, (counts.get(intent) ?? 0) + 1);
  const [largest] = [...counts].sort((a, b) => b[1] - a[1])[0];
  const right = { cascade: 0, said: 0, model: 0, centroid: 0, majority: 0 };
  const sure = { inside: [], outside: [] };
  let escalated = 0;
  for (const [at, { text, intent }] of test.entries()) {
    const verdict = await cascade.classify(text, { whenBusy: 'wait' });
    const is = place => Number(head.labels[place] === intent);
    right.cascade += is(verdict.best);
    right.said += verdict.sure ? is(verdict.best) : 0;
    right.model += is(largestOf(tiers.byModel(testVectors[at], tiers.fastLogits(fast.of(text)))));
    right.centroid += is(largestOf(centroids.map(centroid => dot(centroid, testVectors[at]))));
    right.majority += Number(largest === intent);
    escalated += Number(verdict.tier === 'model');
    sure.inside.push(verdict.probabilities[verdict.best]);
  }
  await embed(strangers.map(({ text }) => text));
  for (const { text } of strangers) {
    const { probabilities, best } = await cascade.classify(text, { whenBusy: 'wait' });
    sure.outside.push(probabilities[best]);
  }
  const away = list => list.filter(probability => probability < head.threshold).length;
  return {
    labels: head.labels.length,
    kept: kept.length,
    same: same.size,
    seconds,
    texts: test.length,
    right,
    escalated,
    sure,
    away: { inside: away(sure.inside), outside: away(sure.outside) },
  };
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
