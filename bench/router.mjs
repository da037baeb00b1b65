// What the router itself costs, without a server around it: `node bench/router.mjs [--json]` after `npm run build`.
// Ten signals over a last user message of 500 characters, each read on a fresh board, then the whole way through all stages.
import { seededRandom } from '#contract/random.js';
import { createRouter } from '#router/router.js';
import { routerSchema } from '#router/schema.js';
import { help } from './support/help.mjs';

help(import.meta.url);

const TEXT =
  'Please tell me whether the contract between the two parties can be ended early without paying the whole sum that was agreed, and what a court would say of it. ';
const REPEATS = 20_000;
const ROUNDS = 5;

const keywords = {
  legal: {
    any: ['indemnity', 'liability', 'tort', 'negligence', 'statute', 'plaintiff', 'breach of contract', 'defendant'],
  },
  medical: { any: ['diagnosis', 'symptom', 'dosage', 'prescription', 'patient'] },
  code: { any: ['stack trace', 'segfault', 'refactor', 'typescript', 'compile error'] },
  spam: { any: ['casino', 'viagra', 'lottery'] },
  phone: { regex: ['\\b\\d{3}-\\d{4}\\b'] },
};
const signals = {
  ...Object.fromEntries(Object.entries(keywords).map(([name, options]) => [name, { keyword: options }])),
  big: { context: { above: '8k' } },
  small: { context: { below: 256 } },
  agentic: { conversation: { turns: { above: 3 }, tools: true } },
  vip: { metadata: { header: 'x-tier', equals: 'gold' } },
  beta: { metadata: { caller: 'user', in: ['ann', 'bob'] } },
  french: { language: ['fr'] },
};
const INLINE = Object.keys(signals).filter(name => name !== 'french');
const config = routerSchema.parse({
  signals,
  decisions: [
    ...INLINE.slice(0, 9).map(name => ({
      name,
      when: name === 'small' ? 'small and beta' : `${name} and not beta`,
      models: ['large'],
    })),
    { name: 'default', when: 'otherwise', models: ['small', 'large'], select: 'cheapest' },
  ],
});
const clock = { now: () => performance.now(), wall: () => Date.now(), after: () => () => undefined };
const price = { prompt: 1, completion: 2, cached: 0.5 };
const models = ['small', 'large'].map(name => ({ name, contextTokens: 32_768, price }));
const router = createRouter(config, { clock, models });
const text = TEXT.repeat(4).slice(0, 500);
const request = {
  id: 'r',
  arrivedAt: 0,
  model: 'auto',
  messages: [
    { role: 'system', content: [{ type: 'text', text: 'You are helpful.' }] },
    { role: 'user', content: [{ type: 'text', text }] },
  ],
  tools: [],
  sampling: { n: 1, structured: false },
  stream: false,
  caller: { address: '127.0.0.1', headers: { 'x-tier': 'silver' } },
  metadata: {},
  promptBytes: text.length,
};
const profile = { turn: 1, promptTokens: () => 400, outputTokens: { p50: 100, p75: 200 } };
const pool = {
  quote: model => ({
    model,
    feasible: true,
    ttftMs: 100,
    tpotMs: 10,
    prefixHitTokens: 0,
    price,
    joules: undefined,
    load: 0,
  }),
  read: () => undefined,
};
const random = seededRandom(1);

/** CPU time of one run in µs, best of a few rounds: the one least disturbed by what else the machine does. */
function microseconds(work) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const from = process.cpuUsage();
    for (let i = 0; i < REPEATS; i++) work();
    const { user, system } = process.cpuUsage(from);
    best = Math.min(best, (user + system) / REPEATS);
  }
  return Number(best.toFixed(2));
}

function readAll(names) {
  const board = router.board(request, profile);
  for (const name of names) board.read(name);
}

await router.prepare();
const figures = {
  each: Object.fromEntries(Object.keys(signals).map(name => [name, microseconds(() => readAll([name]))])),
  ten_signals_us: microseconds(() => readAll(INLINE)),
  all_stages_us: microseconds(() => {
    const board = router.board(request, profile);
    const route = router.draft(request);
    for (const stage of router.stages) stage.run({ board, pool, clock, random, route });
  }),
};
if (process.argv.includes('--json')) console.log(JSON.stringify(figures));
else {
  console.table(figures.each);
  console.log(`ten inline signals ${figures.ten_signals_us} µs; all stages, ten decisions ${figures.all_stages_us} µs`);
}
