// `node bench/fleet.mjs [--seeds N]`: the closed form against the twin on ten generated cases at a utilisation of at most 0.8, and how long the
// 20 × 20 grid of boundaries and compression takes. The twin is the control: the same engine model, iteration by iteration.
import { seededRandom } from '../dist/contract/random.js';
import { sweepBoundaries } from '../dist/fleet/closed-form/boundary-sweep.js';
import { LengthMix } from '../dist/fleet/closed-form/length-mix.js';
import { forecastPool, replicaCapacity } from '../dist/fleet/closed-form/pool-model.js';
import { playTrace } from '../dist/fleet/twin/trace-driver.js';
import { createEngine } from '../dist/pool/engine/batching-engine.js';
import { engineProfile } from '../dist/pool/engine/profile.js';
import { createPlacer } from '../dist/pool/placement/create-placer.js';
import { drawLengths, findCdf } from '../dist/workload/generate/length-cdf.js';
import { NO_PREFIX } from '../dist/workload/traces/trace.js';

const at = process.argv.indexOf('--seeds');
const seeds = at > 0 ? Number(process.argv[at + 1]) : 3;
const CASES = [
  ['lmsys', 'llama-3.1-8b', 'l40s', 1, 0.5, 2],
  ['lmsys', 'llama-3.1-8b', 'h100', 1, 0.7, 4],
  ['lmsys', 'llama-3.1-70b', 'h100', 8, 0.8, 4],
  ['lmsys', 'qwen3-32b', 'h100', 4, 0.8, 8],
  ['azure', 'llama-3.1-8b', 'a100', 1, 0.6, 2],
  ['azure', 'llama-3.1-70b', 'a100', 8, 0.7, 4],
  ['azure', 'qwen3-14b', 'h100', 1, 0.8, 8],
  ['agent', 'llama-3.1-8b', 'h100', 1, 0.6, 4],
  ['agent', 'llama-3.1-70b', 'h100', 8, 0.7, 8],
  ['agent', 'qwen3-30b-a3b', 'h200', 1, 0.8, 8],
];

const draw = (name, count, seed) => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => drawLengths(findCdf(name), random));
};

function play(profile, lengths, replicas, rate, seed) {
  const random = seededRandom(seed).fork('arrivals');
  let arrivalMs = 0;
  const requests = lengths.map(each => {
    arrivalMs += random.exponential(rate / 1000);
    return { ...each, arrivalMs, prefix: NO_PREFIX };
  });
  const engines = Array.from({ length: replicas }, () =>
    createEngine(profile, { events: 'milestones', maxWaiting: 1e7 }),
  );
  return playTrace(requests, {
    placer: createPlacer('least_load', { random: seededRandom(seed) }),
    engines,
    replica: { limit: Number.MAX_SAFE_INTEGER, contextTokens: profile.contextTokens, cacheBlocks: 1 },
  });
}

const p99 = values => values.sort((a, b) => a - b)[Math.ceil(0.99 * values.length) - 1];
const percent = value => `${value < 0 ? '−' : '+'}${Math.abs(100 * value).toFixed(1)} %`;

let within30 = 0;
let within3 = 0;
for (const [name, model, gpu, tp, load, replicas] of CASES) {
  const big = gpu !== 'l40s' && gpu !== 'a100';
  const profile = engineProfile({ model, gpu, tp, contextTokens: 70_000, maxBatchedTokens: big ? 8192 : 2048 });
  const mix = new LengthMix(draw(name, 20_000, 99));
  const demand = { moments: mix.moments(0, mix.size), sample: mix.sample(0, mix.size) };
  const capacity = replicaCapacity(profile, demand);
  const rate = load * replicas * capacity;
  const forecast = forecastPool(profile, replicas, { ...demand, rate, arrivalCv2: 1 }, capacity);
  const count = 4000 * Math.min(4, replicas);
  const tails = [];
  const rates = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const { completed } = play(profile, draw(name, count, seed), replicas, rate, seed);
    tails.push(p99(completed.filter(({ index }) => index > count / 10).map(({ ttftMs }) => ttftMs)));
    // What one replica completes while more waits than it can do.
    const full = play(profile, draw(name, 4000, seed), 1, 3 * capacity, seed).completed;
    const ends = full.map(({ arrivalMs, e2eMs }) => arrivalMs + e2eMs).sort((a, b) => a - b);
    const [from, to] = [Math.floor(0.3 * ends.length), Math.floor(0.7 * ends.length)];
    rates.push((1000 * (to - from)) / (ends[to] - ends[from]));
  }
  const mean = values => values.reduce((sum, value) => sum + value, 0) / values.length;
  const tailError = forecast.p99TtftMs / mean(tails) - 1;
  const loadError = mean(rates) / capacity - 1;
  if (Math.abs(tailError) <= 0.3) within30++;
  if (Math.abs(loadError) <= 0.03) within3++;
  console.log(
    `${name} ${model} ${tp} × ${gpu}, ${replicas} replicas at ${load}: P99 TTFT ${forecast.p99TtftMs.toFixed(0)} ms, twin ` +
      `${tails.map(tail => tail.toFixed(0)).join(' ')} (${percent(tailError)}); utilisation ${percent(loadError)}`,
  );
}
console.log(
  `P99 TTFT within 30 %: ${within30} of ${CASES.length}; utilisation within 3 %: ${within3} of ${CASES.length}`,
);

const mix = new LengthMix(draw('azure', 20_000, 7));
const profile = engineProfile({ model: 'llama-3.1-70b', gpu: 'h100', tp: 8, maxBatchedTokens: 8192 });
const cells = Array.from({ length: 20 }, (_, i) => i);
const times = [];
for (let run = 0; run < 9; run++) {
  const before = process.cpuUsage();
  sweepBoundaries({
    ...{ mix, rate: 200, short: profile, long: profile, usdPerHour: { short: 32.16, long: 32.16 }, compressible: 0.75 },
    boundaries: cells.map(i => 400 * (i + 1)),
    gammas: cells.map(i => 1 + i / 20),
  });
  const { user, system } = process.cpuUsage(before);
  times.push((user + system) / 1000);
}
console.log(
  `20 × 20 grid of two pools: first ${times[0].toFixed(1)} ms of CPU, then ${times
    .slice(1)
    .map(ms => ms.toFixed(1))
    .join(' ')}`,
);
