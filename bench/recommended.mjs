// How many replicas are recommended for a load, and how many hold in the twin: `node bench/recommended.mjs [--model name] [--gpu name] [--seed n] [--requests n] [--json]`, after a build. For time-to-first-token
// objectives of some multiples of what the P99 of lone prompts takes, and loads of so many replicas. Beside what `src/fleet/scale` recommends (rounded, without hold and bounds) stand as controls
// what as many times one replica alone would be, and the fewest replicas that keep the objectives in the twin in the mean over three Poisson patterns. CPU time is that of the recommendation.
import { parseArgs } from 'node:util';
import { seededRandom } from '../dist/contract/random.js';
import { LengthMix } from '../dist/fleet/closed-form/length-mix.js';
import { forecastPool } from '../dist/fleet/closed-form/pool-model.js';
import { verifyPool } from '../dist/fleet/plan/verify.js';
import { replicasFor, wholeReplicas } from '../dist/fleet/scale/needed-replicas.js';
import { modelledPool } from '../dist/fleet/scale/pool-capacity.js';
import { findGpu } from '../dist/pool/engine/hardware.js';
import { engineProfile } from '../dist/pool/engine/profile.js';
import { help } from './support/help.mjs';

help(import.meta.url);
const { values } = parseArgs({
  options: {
    ...{ model: { type: 'string', default: 'llama-3.1-8b' }, gpu: { type: 'string', default: 'a10g' } },
    ...{ seed: { type: 'string', default: '1' }, requests: { type: 'string', default: '4000' } },
    json: { type: 'boolean', default: false },
  },
});
const TPOT_MS = 100;
const [seed, count] = [Number(values.seed), Number(values.requests)];
const profile = engineProfile({ model: values.model, gpu: values.gpu, contextTokens: 16_384 });
const between = (low, high, value) => Math.round(Math.min(high, Math.max(low, value)));
const normal = random => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());

/** Chats and documents. */
function drawn(random) {
  return {
    promptTokens: between(16, 8000, Math.exp(6.4 + normal(random))),
    outputTokens: between(8, 1500, Math.exp(5 + 0.7 * normal(random))),
  };
}

/** The lengths that the recommendation knows: as many as a gateway keeps, and not those that are played. */
const random = seededRandom(seed);
const seen = Array.from({ length: 512 }, () => drawn(random));

function patternOf(rate, at) {
  const draws = seededRandom(1000 * seed + at);
  let arrivalMs = 0;
  return Array.from({ length: count }, () => {
    arrivalMs += draws.exponential(rate / 1000);
    return { arrivalMs, ...drawn(draws), prefix: { hashes: [], blockTokens: 16 } };
  });
}

const kind = { profile, usdPerHour: 1, price: findGpu(values.gpu).prices[0] };
function fewest(rate, slo) {
  const patterns = [1, 2, 3].map(at => patternOf(rate, at));
  const pool = replicas => ({ kind, replicas, above: 0, upTo: Number.POSITIVE_INFINITY });
  const holds = replicas => verifyPool(pool(replicas), patterns, slo).ok;
  let [low, high] = [0, 1];
  while (!holds(high) && high < 256) [low, high] = [high, 2 * high];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}

const mix = new LengthMix(seen);
const demand = { moments: mix.moments(0, mix.size), sample: mix.sample(0, mix.size, 64), arrivalCv2: 1 };
const lone = forecastPool(profile, 1, { ...demand, rate: 1e-4 }).p99TtftMs;
const rows = [];
for (const times of [1.1, 1.25, 1.5, 2, 4]) {
  const slo = { ttftP99Ms: times * lone, tpotMs: TPOT_MS };
  for (const load of [2, 4, 12]) {
    const begun = process.cpuUsage();
    const pool = modelledPool(() => ({ profile, speed: 1 }), 1, seen, slo);
    // A load of so many replicas at what each of many carries.
    const rate = pool.carried(load).requestsPerSecond;
    const recommended = wholeReplicas(replicasFor(0.98 * rate, pool));
    const { user, system } = process.cpuUsage(begun);
    rows.push({
      'objective, of a lone P99': times,
      'requests/s': Number((0.98 * rate).toFixed(2)),
      'as many times one alone': wholeReplicas((0.98 * rate) / pool.carried(1).requestsPerSecond),
      recommended,
      'hold in the twin': fewest(0.98 * rate, slo),
      'CPU ms': Math.round((user + system) / 1000),
    });
  }
}
const setting = { model: values.model, gpu: values.gpu, lone_p99_ms: Math.round(lone), tpot_ms: TPOT_MS, seed };
if (values.json) console.log(JSON.stringify({ setting, rows }, null, 2));
else {
  console.log(JSON.stringify(setting));
  console.table(rows);
}
