// Do limits hold that several gateways share in Redis, when Redis is killed under load and comes back empty?
// `node bench/shared-limits.mjs [--gateways 2] [--callers 8] [--requests 400] [--json]` after `npm run build`; needs redis-server.
// Gateways in processes of their own, with one identity database and one Redis; callers at all of them spend one budget and run into one
// rate. Redis is killed at a third, started again (empty) at two thirds. Exit code 1 when a request was lost, when the budget was
// overspent by more than the requests in flight may have cost, when the rate was exceeded, or when a gateway did not heal.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  agent,
  call,
  freePort,
  needRedis,
  pause,
  startGateway,
  startRedis,
  stopGateways,
} from './support/gateways-on-redis.mjs';
import { help } from './support/help.mjs';

help(import.meta.url);
const { values: options } = parseArgs({
  options: {
    gateways: { type: 'string', default: '2' },
    callers: { type: 'string', default: '8' },
    requests: { type: 'string', default: '400' },
    json: { type: 'boolean', default: false },
  },
});
const GATEWAYS = Number(options.gateways);
const CALLERS = Number(options.callers);
const REQUESTS = Number(options.requests);
const RATE = 30 * GATEWAYS;
const ADMIN = 'the-admin-key-of-this-bench';
const PROMPT = 'a prompt of a few words';
const ANSWER_TOKENS = 10;
/** Time for the ledger to have what was answered. */
const LEDGER_MS = 10_000;

needRedis();
const folder = mkdtempSync(join(tmpdir(), 'weir-shared-'));
const redisPort = await freePort();
let redis = await startRedis(redisPort);
writeFileSync(
  join(folder, 'weir.yaml'),
  `
router:
  signals: { fixed: { keyword: { any: [fixed] } } }
  decisions:
    - { name: fixed, when: fixed, respond: yes }
    - { name: model, when: otherwise, models: [small] }
pool:
  models: { small: { price: { prompt: 1000, completion: 1000 }, context: 8k } }
  pools: { small: { model: small, simulate: { replicas: 2, model: qwen3-8b, gpu: h100, speed: 50 } } }
gateway:
  auth: { required: true, admin_key: ${ADMIN} }
  shared: { redis: "redis://127.0.0.1:${redisPort}" }
  record: { path: ":memory:" }
  state: { path: ":memory:" }
  responses: { path: ":memory:" }
  log: { level: error }
`,
);
const gateways = await Promise.all(Array.from({ length: GATEWAYS }, () => startGateway(folder)));
const urls = gateways.map(({ url }) => url);
const problems = [];

try {
  await until(async () => (await all(ready)).every(({ processes }) => processes === GATEWAYS), 'the gateways to meet');
  // One request to learn what one costs; the budget is for a known number of them.
  const probe = await newKey({});
  const { cost } = await chat(urls[0], probe.secret, PROMPT);
  const budget = Number((cost * REQUESTS).toFixed(6));
  const { secret, key } = await newKey({ budgets: [{ amount: budget, window: 'total' }] });
  const { secret: limited } = await newKey({ limits: { requestsPerMinute: RATE } });
  const load = startLoad(secret);
  await until(() => load.answered >= REQUESTS / 3, 'the first third');
  const killedAt = performance.now();
  redis.kill('SIGKILL');
  await once(redis, 'exit');
  const before = load.answered;
  await until(async () => (await all(ready)).every(({ connected }) => !connected), 'the loss to be noticed');
  const noticedMs = performance.now() - killedAt;
  const away = await rate(limited);
  await until(() => load.answered >= (2 * REQUESTS) / 3 || load.idle(), 'the second third');
  const duringLoss = load.answered - before;
  redis = await startRedis(redisPort);
  const startedAt = performance.now();
  await until(
    async () => (await all(ready)).every(({ connected, processes }) => connected && processes === GATEWAYS),
    'healing',
  );
  const healedMs = performance.now() - startedAt;
  await until(() => load.idle(), 'the budget to be used up');
  const results = await load.stop();
  const spent = await ledgered(key.id, results.spent);
  const inFlight = GATEWAYS * CALLERS * cost;
  const report = {
    gateways: GATEWAYS,
    callers: GATEWAYS * CALLERS,
    cpu: cpus()[0].model.trim(),
    node: process.version,
    answered: results.answered,
    refused: results.refused,
    lost: results.lost,
    answered_while_away: duringLoss,
    loss_noticed_ms: Math.round(noticedMs),
    healed_ms: Math.round(healedMs),
    budget_usd: budget,
    spent_by_answers_usd: Number(results.spent.toFixed(6)),
    spent_by_ledger_usd: Number(spent.toFixed(6)),
    overspent_usd: Number(Math.max(0, spent - budget).toFixed(6)),
    in_flight_at_most_usd: Number(inFlight.toFixed(6)),
    rate_limit: RATE,
    let_through_while_away: away,
  };
  if (results.lost > 0) problems.push(`${results.lost} requests were lost: ${results.problem}`);
  if (Math.abs(results.spent - spent) > 1e-6) problems.push('the ledger is not what the answers said');
  if (spent - budget > inFlight) problems.push('overspent by more than was in flight');
  if (spent < budget * 0.9) problems.push('a tenth of the budget or more could not be used');
  if (away > RATE) problems.push('the rate was exceeded');
  if (duringLoss === 0) problems.push('nothing was answered while Redis was away');
  console.log(options.json ? JSON.stringify({ ...report, problems }) : { ...report, problems });
} finally {
  agent.destroy();
  await stopGateways(gateways);
  redis.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = problems.length === 0 ? 0 : 1;

/** Callers at every gateway, until they are stopped. */
function startLoad(secret) {
  const results = { answered: 0, refused: {}, lost: 0, spent: 0, problem: undefined };
  let running = true;
  /** Refusals at each gateway since its last answer. */
  const inRow = urls.map(() => 0);
  const caller = async at => {
    while (running) {
      try {
        const { status, cost, code } = await chat(urls[at], secret, PROMPT);
        if (status === 200) {
          results.answered++;
          results.spent += cost;
          inRow[at] = 0;
        } else if (status === 402 || status === 429) {
          results.refused[code] = (results.refused[code] ?? 0) + 1;
          inRow[at]++;
          await pause(20);
        } else {
          results.lost++;
          results.problem = `${status} ${code}`;
        }
      } catch (error) {
        results.lost++;
        results.problem = String(error);
      }
    }
  };
  const callers = urls.flatMap((_, at) => Array.from({ length: CALLERS }, () => caller(at)));
  return {
    get answered() {
      return results.answered;
    },
    idle: () => inRow.every(count => count > 10 * CALLERS),
    async stop() {
      running = false;
      await Promise.all(callers);
      return results;
    },
  };
}

/** How many of twice as many requests as a rate allows are let through, over all gateways. */
async function rate(secret) {
  const asked = Array.from({ length: 2 * RATE }, (_, at) => chat(urls[at % GATEWAYS], secret, 'fixed'));
  return (await Promise.all(asked)).filter(({ status }) => status === 200).length;
}

async function chat(url, key, content) {
  const body = { model: 'auto', max_tokens: ANSWER_TOKENS, messages: [{ role: 'user', content }] };
  const { status, said } = await call(url, 'POST', '/v1/chat/completions', { key, body });
  return { status, code: said.error?.code, cost: (said.usage?.total_tokens ?? 0) / 1000 };
}

async function newKey(form) {
  return admin('POST', '/api/keys', { name: 'bench', ...form });
}

async function admin(method, path, body) {
  const { status, said } = await call(urls[0], method, path, { key: ADMIN, body });
  if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(said)}`);
  // Other gateways look for changes once a second.
  if (method === 'POST') await pause(1500);
  return said;
}

/** What the ledger has of a key. Each gateway writes a little behind its answers: what it is short of at first may come yet. */
async function ledgered(id, expected) {
  for (const end = performance.now() + LEDGER_MS; ; await pause(100)) {
    const { usage } = await admin('GET', '/api/usage');
    const spent = usage.find(row => row.id === id)?.usd ?? 0;
    if (spent > expected - 1e-6 || performance.now() > end) return spent;
  }
}

async function ready(url) {
  return (await call(url, 'GET', '/readyz')).said.shared_limits;
}

function all(question) {
  return Promise.all(urls.map(question));
}

async function until(holds, what) {
  for (const end = performance.now() + 60_000; !(await holds()); await pause(50)) {
    if (performance.now() > end) throw new Error(`waited too long for ${what}`);
  }
}
