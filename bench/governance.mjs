// What identity, limits and budgets cost a request: `node bench/governance.mjs [--json]` after `npm run build`.
// CPU time of everything that the gateway does for them between head and end: who is it, is there a place, is there room, the
// headers of the answer, the settlement. The quote reads the request's profile, which is there anyway and not counted.
import { cpus } from 'node:os';
import { reserve, usedBy } from '#gateway/exchange/charge.js';
import { openIdentity, SYSTEM } from '#identity/identity.js';
import { authSchema } from '#identity/schema.js';
import { Asked } from '#pool/placement/asked.js';
import { memoryIdentityStore } from '#store/memory-identity-store.js';
import { help } from './support/help.mjs';

help(import.meta.url);

const REPEATS = 50_000;
const ROUNDS = 7;

const clock = { now: () => performance.now(), wall: () => Date.now(), after: () => () => undefined };
const auth = authSchema.parse({ required: true, admin_key: 'the-key-of-this-bench' });
const identity = await openIdentity(auth, {
  store: memoryIdentityStore(),
  clock,
  fetchJson: () => Promise.reject(new Error('no network')),
});
const { governance } = identity;
const limits = { requestsPerMinute: 1e9, tokensPerMinute: 1e9, concurrency: 1000 };
const budgets = [{ amount: 9e6, window: 'month' }];
await governance.createTeam(SYSTEM, { id: 'team', limits, budgets });
await governance.createUser(SYSTEM, { id: 'user', limits, budgets });
const owned = { team: 'team', user: 'user' };
const made = {
  'a key alone': await governance.createKey(SYSTEM, { name: 'plain' }),
  'with limits on the key': await governance.createKey(SYSTEM, { name: 'limited', limits }),
  'with limits and a budget on the key': await governance.createKey(SYSTEM, { name: 'budget', limits, budgets }),
  'with both on key, user and team': await governance.createKey(SYSTEM, { name: 'all', ...owned, limits, budgets }),
};

const price = { prompt: 1, completion: 2, cached: 0.5 };
const models = new Map([['large', { name: 'large', contextTokens: 32_768, price }]]);
const runtime = { config: { gateway: { auth } }, identity, models, clock };
const request = { sampling: { n: 1, structured: false, maxOutputTokens: 500 } };
const profile = { promptTokens: () => 400, outputTokens: { p50: 100, p75: 200 }, session: 's' };
const asked = new Asked('large', request, profile, {});
const usage = { promptTokens: 410, completionTokens: 180, cachedTokens: 100 };
const parameters = {};

function governed(shown) {
  const grant = identity.authenticate(shown);
  const admission = identity.admit(grant);
  admission.authorise('large');
  if (admission.needsQuote) {
    const refusal = reserve(runtime, admission, asked, request, parameters);
    if (refusal !== undefined) throw refusal;
  }
  admission.addHeaders(clock.wall(), {});
  admission.settle(clock.wall(), usedBy(usage, price));
}

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

const figures = {};
for (const [name, { secret }] of Object.entries(made)) {
  const shown = { credential: `Bearer ${secret}`, address: '127.0.0.1' };
  figures[name] = microseconds(() => governed(shown));
  await identity.flush();
}
await identity.close();
if (process.argv.includes('--json'))
  console.log(JSON.stringify({ microseconds: figures, cpu: cpus()[0].model.trim() }));
else {
  console.log(`${cpus()[0].model.trim()}, Node ${process.version}; µs of CPU a request`);
  console.table(figures);
}
