// What each signal costs by the length of the text it reads, in µs of CPU: `node bench/signals.mjs [--json]` after `npm run build`.
// Beside it how often the modality rules are right, on the labelled prompts that none of them was made on, when the file is given:
// `node bench/signals.mjs --modality test/router/signals/labelled/modality-prompts.ts`.
import { readFileSync } from 'node:fs';
import { wantedMedium } from '#router/signals/modality/wanted.js';
import { SIGNAL_TYPES } from '#router/signals/registry.js';

const LENGTHS = [100, 1000, 10_000, 100_000];
const TEXT =
  'Please tell me whether the contract between the two parties can be ended early without paying the whole sum that was agreed, and what a court would say of it. ';
const terms = [
  'indemnity',
  'liability',
  'negligence',
  'statute',
  'plaintiff',
  'breach of contract',
  'defendant',
  'tort',
];
const OPTIONS = {
  keyword: { any: terms },
  bm25: { documents: { law: terms, medicine: ['diagnosis', 'dosage', 'patient'], code: ['stack trace', 'refactor'] } },
  ngram: { any: terms },
  fuzzy: { any: terms },
  context: { above: 8192 },
  structure: { count: 'questions' },
  conversation: { turns: { above: 3 } },
  reask: {},
  modality: { wanted: ['image'] },
  workload: { archetype: 'agent' },
  metadata: { header: 'x-tier', equals: 'gold' },
  event: { types: ['payment.*'] },
  time: { zone: 'Europe/Berlin', windows: [{ from: '08:00', to: '18:00' }] },
  language: 'fr',
};
const clock = { now: () => performance.now(), wall: () => Date.now(), after: () => () => undefined };
const profile = {
  archetype: 'chat',
  turn: 2,
  warmth: 'warm',
  heaviness: 'balanced',
  modality: 'text',
  session: 's',
  application: 'a',
  promptTokens: () => 100,
  outputTokens: { p50: 200, p75: 400 },
  prefix: () => ({ hashes: [], blockTokens: 64 }),
};

function requestOf(length, turn) {
  const text = `${turn} ${TEXT.repeat(Math.ceil(length / TEXT.length))}`.slice(0, length);
  const said = (role, words) => ({ role, content: [{ type: 'text', text: words }] });
  return {
    id: 'r',
    arrivedAt: 0,
    model: 'auto',
    messages: [said('user', `Before: ${text.slice(0, length / 2)}`), said('assistant', 'Yes.'), said('user', text)],
    tools: [],
    sampling: { n: 1, structured: false },
    stream: false,
    caller: { address: '127.0.0.1', headers: { 'x-tier': 'silver' } },
    metadata: {},
    promptBytes: text.length,
  };
}

const figures = {};
for (const type of SIGNAL_TYPES) {
  const signal = type.build('it', type.schema.parse(OPTIONS[type.type]), { clock });
  await signal.prepare?.();
  figures[type.type] = {};
  for (const length of LENGTHS) {
    const repeats = Math.max(40, Math.ceil(2_000_000 / length));
    const requests = Array.from({ length: Math.min(repeats, 2000) }, (_, turn) => requestOf(length, turn));
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 4; round++) {
      const from = process.cpuUsage();
      for (const request of requests) await signal.evaluate({ request, profile });
      const { user, system } = process.cpuUsage(from);
      best = Math.min(best, (user + system) / requests.length);
    }
    figures[type.type][length] = Number(best.toFixed(2));
  }
}

const file = process.argv[process.argv.indexOf('--modality') + 1];
if (process.argv.includes('--modality')) {
  const rows = [
    ...readFileSync(file, 'utf8').matchAll(/^ {2}\['(\w+)', (?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\],$/gm),
  ];
  const held = rows
    .map(([, medium, one, two]) => [medium, (one ?? two).replace(/\\(.)/g, '$1')])
    .filter((_, at) => at % 2 === 1);
  const told = held.map(([medium, prompt]) => [medium, wantedMedium(prompt).medium]);
  const said = told.filter(([, medium]) => medium !== 'text');
  const wanted = told.filter(([medium]) => medium !== 'text');
  const right = said.filter(([medium, other]) => medium === other).length;
  figures.modality_held_out = {
    prompts: held.length,
    precision: Number((right / said.length).toFixed(3)),
    recall: Number((right / wanted.length).toFixed(3)),
  };
}
if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`);
else console.table(figures);
