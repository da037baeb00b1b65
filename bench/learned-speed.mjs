// What understanding a request costs: the whole learned set against one pass of the transformer, long texts, other languages.
// node bench/learned-speed.mjs [--data FOLDER] [--cache FOLDER] [--rounds 200]
//   FOLDER has text/language-sentences.jsonl {text, lang}. Controls: one transformer pass; French questions without the gate.
//   What heads do beside the transformer is timed with vectors that are there at once, so it hardly depends on what else the machine does.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { HEADS } from '../dist/contract/learned.js';
import { Cascade } from '../dist/models/heads/cascade.js';
import { headFile } from '../dist/models/heads/head-cards.js';
import { readHead } from '../dist/models/heads/head-file.js';
import { LanguageGate } from '../dist/router/signals/language-gate.js';
import { jsonLines, sections } from '../scripts/models/texts.mjs';
import { help } from './support/help.mjs';
import { hardware, longText, openModels, percent, print, quantile, timed, told, WORDS } from './support/learned.mjs';

help(import.meta.url);

const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    cache: { type: 'string', default: '.weir/models' },
    rounds: { type: 'string', default: '200' },
  },
});
const rounds = Number(options.rounds);
const { host, settings, models } = openModels(options.cache);
const bare = HEADS.map(name => models.head(name));
const heads = bare.map(head => new LanguageGate(head));
await Promise.all(heads.map(head => head.prepare()));
const transformer = host.embedder('default', settings);

const everyday = sections(join(import.meta.dirname, 'learned/everyday-test.txt')).map(({ text }) => text);
const written = ['everyday', 'factual', 'feedback', 'modality'].flatMap(name =>
  sections(join(import.meta.dirname, `learned/${name}-test.txt`)).map(({ text }) => text),
);
const unique = at => [...WORDS.slice(at % 30), ...WORDS.slice(0, at % 30), `${at}`].join(' ');
const whole = text => Promise.all(heads.map(head => head.classify(text, { whenBusy: 'wait' })));
const given = {
  vector: undefined,
  name: 'all-MiniLM-L6-v2',
  dimension: 384,
  prepare: async () => {},
  embed: async () => [given.vector],
};
const beside = HEADS.map(name => {
  const ports = { embedder: given, fast: host.fast, patienceMs: 1000, languages: ['en'] };
  return new LanguageGate(new Cascade(readHead(headFile(name)), ports));
});
const times = { pass: [], whole: [], everyday: [], resolved: [], beside: [], long: [] };
const byModel = verdicts => verdicts.some(({ tier }) => tier === 'model');
/** Texts that n-grams settle for every head, and those that they leave open for some. */
const [settled, open] = [[], []];
for (const text of written) (byModel(await whole(text)) ? open : settled).push(text);
const escalated = { everyday: 0, resolved: 0 };
for (let at = 0; at < rounds; at++) {
  times.pass.push(await timed(() => transformer.embed([`${unique(at)} again`])));
  times.whole.push(await timed(() => whole(unique(at))));
  const question = `${everyday[at % everyday.length]} ${at}`;
  const mixed = at % 5 < 4 ? settled : open;
  // A number behind each makes all of them new: nothing is remembered.
  for (const [kind, text] of [
    ['everyday', question],
    ['resolved', `${mixed[at % mixed.length]} (${at})`],
  ]) {
    let verdicts = [];
    times[kind].push(
      await timed(async () => {
        verdicts = await whole(text);
      }),
    );
    if (byModel(verdicts)) escalated[kind]++;
  }
  // Another text, for nothing of it to be remembered.
  const fresh = `${question} ?`;
  [given.vector] = await transformer.embed([fresh]);
  times.beside.push(await timed(() => Promise.all(beside.map(head => head.classify(fresh, { whenBusy: 'wait' })))));
}
for (let at = 0; at < Math.max(10, rounds / 4); at++) {
  const text = longText(everyday, at);
  times.long.push(await timed(() => whole(text)));
}
print(`the whole learned set (${HEADS.join(', ')}), one text at a time`, {
  'control: one transformer pass, unique texts of 30 tokens': told(times.pass),
  'whole set, unique texts of 30 tokens': `${told(times.whole)}, ${ratio(times.whole)} of the control at p50`,
  [`whole set, everyday questions, ${percent(escalated.everyday / rounds)} of which need the transformer for some head`]: `${told(times.everyday)}, ${ratio(times.everyday)} of the control at p50`,
  [`whole set, four fifths of the texts such as the fast tier settles (${settled.length} of ${written.length} are), ${percent(escalated.resolved / rounds)} of which need the transformer`]: `${told(times.resolved)}, ${ratio(times.resolved)} of the control at p50`,
  'of it on the serving thread, everyday questions, with vectors given at once': told(times.beside),
  [`whole set, texts of about 8,192 tokens (${longText(everyday, 0).length} characters)`]: told(times.long),
});

const french = sections(join(import.meta.dirname, 'learned/french-test.txt'));
let [right, silent] = [0, 0];
for (const { text, label } of french) {
  const { best } = await bare[0].classify(text, { whenBusy: 'wait' });
  if (bare[0].labels[best] === label) right++;
  if ((await heads[0].classify(text, { whenBusy: 'wait' })).best < 0) silent++;
}
let silenced = 0;
for (const text of everyday) if ((await heads[0].classify(text, { whenBusy: 'wait' })).best < 0) silenced++;
print('languages that the heads do not know', {
  'French questions on which they say nothing': `${silent} of ${french.length}`,
  'control: right domain of the same questions, were it said': `${right} of ${french.length}`,
  'English questions silenced by mistake': `${silenced} of ${everyday.length}`,
  ...(options.data !== undefined && (await foreign(join(options.data, 'text/language-sentences.jsonl')))),
});
await host.close();

async function foreign(file) {
  const rows = jsonLines(file);
  const others = rows.filter(({ lang }) => lang !== 'en');
  let silent = 0;
  for (const { text } of others) {
    const verdict = await new LanguageGate({
      labels: [],
      languages: ['en'],
      prepare: async () => {},
      classify: () => ({ best: 0 }),
    }).classify(text, {});
    if (verdict.best < 0) silent++;
  }
  const languages = new Set(others.map(({ lang }) => lang)).size;
  return {
    [`sentences in ${languages} other languages on which they say nothing`]: `${percent(silent / others.length)} of ${others.length}`,
  };
}

function ratio(list) {
  return (quantile(list, 0.5) / quantile(times.pass, 0.5)).toFixed(2);
}

process.stdout.write(`\n${hardware()}\n`);
