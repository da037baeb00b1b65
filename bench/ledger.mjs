// Is what is billed what was used? `node bench/ledger.mjs [--requests 100000] [--json]` after `npm run build`.
// A gateway with keys, teams, users, limits and budgets before engines that fail and clients that leave. At its end the ledger in the
// database must be the sum of what engines reported, to the token and the nano-dollar; of what they did not report, of the estimates
// that the records say. Exit code 1 when it is not, or when anything is still held back.
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseConfig } from '#config/load.js';
import { seededRandom } from '#contract/random.js';
import { Gateway } from '#gateway/gateway.js';
import { machineClock } from '#gateway/machine-clock.js';
import { Connections } from '#gateway/upstream/connections.js';
import { Watchdog } from '#gateway/upstream/watchdog.js';
import { openIdentity, SYSTEM } from '#identity/identity.js';
import { memoryRecordStore } from '#store/memory-record-store.js';
import { memoryResponseStore } from '#store/memory-response-store.js';
import { openIdentityStore } from '#store/threaded-identity-store.js';
import { AccessLog } from '#telemetry/access-log.js';
import { createLogger } from '#telemetry/log.js';
import { createMetrics } from '#telemetry/metrics.js';
import { Traffic } from '#telemetry/traffic/traffic.js';
import { startFaultyEngine } from './faulty-engine.mjs';
import { help } from './support/help.mjs';

help(import.meta.url);

const { values: options } = parseArgs({
  options: { requests: { type: 'string', default: '100000' }, json: { type: 'boolean', default: false } },
});
const REQUESTS = Number(options.requests);
const CALLERS = 64;
const KEYS = 24;
const LEAVING = 0.08;
const random = seededRandom(11);

const folder = mkdtempSync(join(tmpdir(), 'weir-ledger-'));
const database = join(folder, 'identity.db');
const engines = await Promise.all([0, 1, 2].map(at => startFaultyEngine(random.fork(`engine ${at}`))));
const [a, b, c] = engines.map(({ url }) => url);
const patient = 'health: false, ejection: false, circuit: { failures: 1000, least_requests: 100000 }';
const loaded = parseConfig(
  `
router: { decisions: [{ name: default, when: otherwise, models: [large, small], select: static }] }
pool:
  models:
    large: { price: { prompt: 2.5, completion: 10, cached: 1.25 }, context: 128k }
    small: { price: { prompt: 0.15, completion: 0.6, cached: 0.075 }, context: 128k }
  pools:
    large: { model: large, ${patient}, replicas: ["${a}", "${b}"] }
    small: { model: small, ${patient}, replicas: ["${c}"] }
gateway: { auth: { required: true, admin_key: the-key-of-this-bench } }
`,
  { file: 'ledger.yaml', env: {}, readFile: () => '' },
);
if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));

/** The usage that the records say engines reported, by request; and what that adds up to for each key, team and user. */
const said = new Map();
const expected = { key: new Map(), team: new Map(), user: new Map() };
const statuses = {};
const records = memoryRecordStore({ keep: 1 });
const priceOf = model => loaded.config.pool.models[model]?.price;
records.append = record => {
  const { outcome, caller } = record;
  const { usage = outcome.unreported } = outcome;
  statuses[outcome.status] = (statuses[outcome.status] ?? 0) + 1;
  said.set(record.id, outcome.usage);
  for (const kind of ['key', 'team', 'user']) {
    const sums = expected[kind];
    const sum = sums.get(caller[kind]) ?? { nanoUsd: 0, promptTokens: 0, completionTokens: 0, requests: 0 };
    sum.requests++;
    if (usage !== undefined) {
      sum.promptTokens += usage.promptTokens;
      sum.completionTokens += usage.completionTokens;
      sum.nanoUsd += nanoOf(usage, priceOf(outcome.model));
    }
    sums.set(caller[kind], sum);
  }
};

/** The bill of one request, reckoned here and not by the code under test: prices are in USD a million tokens. */
function nanoOf({ promptTokens, cachedTokens, completionTokens }, { prompt, completion, cached }) {
  const fresh = promptTokens - cachedTokens;
  return Math.round((fresh * prompt + cachedTokens * cached + completionTokens * completion) * 1000);
}

const identity = await openIdentity(loaded.config.gateway.auth, {
  store: await openIdentityStore(database),
  clock: machineClock,
  fetchJson: () => Promise.reject(new Error('no network')),
});
const secrets = await callers(identity.governance);
const log = createLogger({ level: 'error', format: 'text', stream: process.stderr });
const gateway = new Gateway(loaded.config, {
  identity,
  clock: machineClock,
  random: random.fork('gateway'),
  connections: new Connections(machineClock),
  watchdog: new Watchdog(machineClock),
  records,
  responses: memoryResponseStore({ keep: 1 }),
  metrics: createMetrics(),
  traffic: new Traffic(),
  log,
  accessLog: new AccessLog(log, 'none'),
});
const { port } = await gateway.listen('127.0.0.1', 0);

/** Keys of teams and users, some with budgets that do not last, one that is revoked on the way. */
async function callers(governance) {
  for (let at = 0; at < 4; at++) {
    await governance.createTeam(SYSTEM, {
      id: `team-${at}`,
      budgets: [{ amount: at === 0 ? REQUESTS * 2.4e-4 : 1e6, window: 'month' }],
    });
  }
  for (let at = 0; at < 8; at++) {
    const budgets = at % 2 === 0 ? [{ unit: 'tokens', amount: at === 2 ? REQUESTS * 30 : 1e12, window: 'day' }] : [];
    await governance.createUser(SYSTEM, { id: `user-${at}`, budgets });
  }
  const made = [];
  for (let at = 0; at < KEYS; at++) {
    const budgets = [
      { amount: at % 6 === 5 ? REQUESTS * 4e-5 : 1e6, window: 'total', reserve: at % 2 === 0 ? 'expected' : 'maximum' },
    ];
    const limits = at % 8 === 7 ? { concurrency: 2, requestsPerMinute: 5000 } : {};
    const form = { name: `key ${at}`, team: `team-${at % 4}`, user: `user-${at % 8}`, budgets, limits };
    made.push(await governance.createKey(SYSTEM, form));
  }
  return made;
}

const agent = new Agent({ keepAlive: true, maxSockets: CALLERS });
const codes = {};
/** Which request got which id: only of those whose head arrived. */
const ids = new Map();
let sent = 0;
let left = 0;

async function caller() {
  while (sent < REQUESTS) {
    const seed = sent++;
    if (seed === REQUESTS >> 1) await identity.governance.revokeKey(SYSTEM, secrets[3].key.id);
    await call(seed);
  }
}

function call(seed) {
  const stream = random.next() < 0.5;
  const leaves = random.next() < LEAVING;
  const words = 1 + Math.floor(random.next() * 30);
  const messages = [{ role: 'user', content: 'word '.repeat(words) }];
  const body = JSON.stringify({ model: 'auto', seed, stream, max_tokens: 16, messages });
  return new Promise(resolve => {
    const request = httpRequest({
      port,
      host: '127.0.0.1',
      agent,
      method: 'POST',
      path: '/v1/chat/completions',
      headers: {
        authorization: `Bearer ${secrets[seed % KEYS].secret}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      },
    });
    const leave = () => {
      left++;
      request.destroy();
      resolve();
    };
    request.on('error', resolve);
    request.on('response', response => {
      codes[response.statusCode] = (codes[response.statusCode] ?? 0) + 1;
      ids.set(response.headers['x-request-id'], seed);
      if (leaves && stream) response.once('data', leave);
      response
        .on('data', () => undefined)
        .on('end', resolve)
        .on('error', resolve);
    });
    request.end(body);
    if (leaves && !stream) setTimeout(leave, 1);
  });
}

const begun = performance.now();
await Promise.all(Array.from({ length: CALLERS }, caller));
agent.destroy();
await gateway.drain({ deadline: 10_000 });
const seconds = (performance.now() - begun) / 1000;

const problems = [];
const settled = identity.budgets(SYSTEM);
for (const { kind, id, reserved } of settled)
  if (reserved !== 0) problems.push(`${kind} ${id} still holds ${reserved}`);
for (const kind of ['key', 'team', 'user']) {
  for (const { id } of identity.directory.all(kind)) {
    const { open } = identity.accounts.of(kind, id).places;
    if (open !== 0) problems.push(`${kind} ${id} has ${open} requests open`);
  }
}
const overspent = settled.map(({ spent, amount }) => spent / amount - 1).filter(share => share > 0);
await identity.close();

// Each reported usage against the engine's own account of it.
let compared = 0;
for (const [id, usage] of said) {
  const seed = ids.get(id);
  if (seed === undefined || usage === undefined) continue;
  compared++;
  const told = engines.map(({ reported }) => reported.get(seed)).filter(Boolean);
  const same = told.some(
    ({ prompt_tokens, completion_tokens }) =>
      prompt_tokens === usage.promptTokens && completion_tokens === usage.completionTokens,
  );
  if (!same) problems.push(`request ${seed}: recorded ${JSON.stringify(usage)}, told ${JSON.stringify(told)}`);
}

// The database, opened anew, against the sums of the records.
const store = await openIdentityStore(database);
const totals = {};
for (const kind of ['key', 'team', 'user']) {
  const rows = await store.usage(kind, 0, Date.now() + 1);
  totals[kind] = { nanoUsd: 0, tokens: 0, requests: 0 };
  for (const row of rows) {
    const sum = expected[kind].get(row.id);
    for (const name of ['nanoUsd', 'promptTokens', 'completionTokens', 'requests'])
      if (row[name] !== sum?.[name]) problems.push(`${kind} ${row.id}: ${name} ${row[name]}, expected ${sum?.[name]}`);
    totals[kind].nanoUsd += row.nanoUsd;
    totals[kind].tokens += row.promptTokens + row.completionTokens;
    totals[kind].requests += row.requests;
  }
  if (rows.length !== expected[kind].size)
    problems.push(`${kind}: ${rows.length} rows, expected ${expected[kind].size}`);
}
await store.close();
for (const engine of engines) engine.close();
rmSync(folder, { recursive: true, force: true });

const fates = {};
for (const engine of engines)
  for (const [fate, count] of Object.entries(engine.fates)) fates[fate] = (fates[fate] ?? 0) + count;
const report = {
  requests: REQUESTS,
  seconds: Math.round(seconds),
  cpu: cpus()[0].model.trim(),
  node: process.version,
  http: codes,
  clients_that_left: left,
  outcomes: statuses,
  engine_fates: fates,
  ledger: totals.key,
  reports_compared_with_engines: compared,
  worst_overspend_percent: Number((100 * Math.max(0, ...overspent)).toFixed(2)),
  difference_nano_usd: totals.key.nanoUsd - [...expected.key.values()].reduce((sum, { nanoUsd }) => sum + nanoUsd, 0),
  same_by_team_and_user: totals.team.nanoUsd === totals.key.nanoUsd && totals.user.nanoUsd === totals.key.nanoUsd,
  problems: problems.slice(0, 20),
};
console.log(options.json ? JSON.stringify(report) : report);
process.exitCode = problems.length === 0 && report.same_by_team_and_user ? 0 : 1;
