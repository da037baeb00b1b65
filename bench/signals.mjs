// What each signal costs by the length of the text it reads, in µs of CPU, and how often the rules of `modality` are right on the
// labelled prompts that none of them was made on: `node bench/signals.mjs [--json]` after `npm run build`.
import { readFileSync } from 'node:fs';
import { wantedMedium } from '#router/signals/modality/wanted.js';
import { SIGNAL_TYPES } from '#router/signals/registry.js';
import { help } from './support/help.mjs';

help(import.meta.url);

const LENGTHS = [100, 1000, 10_000, 100_000];
const ROUNDS = 5;
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

/** µs of CPU by length: the best of a few rounds, after one that warms up, over requests of which each is read once a round. */
async function costOf(type) {
  const signal = type.build('it', type.schema.parse(OPTIONS[type.type]), { clock });
  await signal.prepare?.();
  const costs = {};
  for (const length of LENGTHS) {
    const count = Math.min(2000, Math.max(40, Math.ceil(2_000_000 / length)));
    const requests = Array.from({ length: count }, (_, turn) => requestOf(length, turn));
    // Short texts are soon read: as many rounds as it takes for the code to be compiled, and the clock to be finer than the round.
    const passes = Math.max(1, Math.round(2000 / length));
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < ROUNDS; round++) {
      const from = process.cpuUsage();
      for (let pass = 0; pass < passes; pass++) {
        for (const request of requests) {
          const value = signal.evaluate({ request, profile });
          if (value instanceof Promise) await value;
        }
      }
      const { user, system } = process.cpuUsage(from);
      if (round > 0) best = Math.min(best, (user + system) / (requests.length * passes));
    }
    costs[length] = Number(best.toPrecision(2));
  }
  return costs;
}

/** How often something else than text is told, and rightly, on the prompts at odd places. */
function rightOf(prompts) {
  const held = prompts.filter((_, at) => at % 2 === 1);
  const told = held.map(([medium, prompt]) => [medium, wantedMedium(prompt).medium]);
  const said = told.filter(([, medium]) => medium !== 'text');
  const wanted = told.filter(([medium]) => medium !== 'text');
  const right = said.filter(([medium, other]) => medium === other).length;
  return {
    prompts: held.length,
    precision: Number((right / said.length).toFixed(2)),
    recall: Number((right / wanted.length).toFixed(2)),
  };
}

const microseconds = {};
for (const type of SIGNAL_TYPES) microseconds[type.type] = await costOf(type);
const labelled = JSON.parse(
  readFileSync(new URL('../test/router/signals/labelled/modality-prompts.json', import.meta.url), 'utf8'),
);
const modality = Object.fromEntries(Object.entries(labelled).map(([name, prompts]) => [name, rightOf(prompts)]));

if (process.argv.includes('--json')) {
  process.stdout.write(`${JSON.stringify({ microseconds, modality }, undefined, 2)}\n`);
} else {
  console.log('µs of CPU a request, by characters');
  console.table(microseconds);
  console.log('modality, prompts held out');
  console.table(modality);
}
