// `node bench/fleet.mjs [--seeds N] [--trace FILE …] [--part capacity|tail|pools|grid]`: the closed form against the twin, what dividing by context
// length saves in it, and how long the 20 × 20 grid of boundaries and compression takes. The twin is the control: the same engine model, iteration by iteration.
//
// Utilisation is the same on both sides: requests a second over those that a replica completes when work never ends. The twin's is of 20,000 requests
// that are all there from the beginning, up to the moment at which none waits, in the answer tokens produced by then, so that both sides have the same
// requests to the last. The one constant of the capacity was chosen on the cases `TUNED`; `FRESH` were drawn up afterwards and ran once.
import { createReadStream } from 'node:fs';
import { parseArgs } from 'node:util';
import { seededRandom } from '../dist/contract/random.js';
import { sweepBoundaries } from '../dist/fleet/closed-form/boundary-sweep.js';
import { replicaCapacity } from '../dist/fleet/closed-form/capacity.js';
import { sizeFleets } from '../dist/fleet/closed-form/fleet-sizing.js';
import { LengthMix } from '../dist/fleet/closed-form/length-mix.js';
import { forecastPool } from '../dist/fleet/closed-form/pool-model.js';
import { playTrace } from '../dist/fleet/twin/trace-driver.js';
import { createEngine } from '../dist/pool/engine/batching-engine.js';
import { findGpu } from '../dist/pool/engine/hardware.js';
import { engineProfile } from '../dist/pool/engine/profile.js';
import { createPlacer } from '../dist/pool/placement/create-placer.js';
import { drawLengths, findCdf } from '../dist/workload/generate/length-cdf.js';
import { readTrace } from '../dist/workload/traces/read.js';
import { NO_PREFIX } from '../dist/workload/traces/trace.js';
import { help } from './support/help.mjs';

help(import.meta.url);

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '3' },
    trace: { type: 'string', multiple: true, default: [] },
    part: { type: 'string', multiple: true, default: ['capacity', 'tail', 'pools', 'grid'] },
  },
});
const seeds = Number(values.seeds);

// Lengths, model, GPU, tensor parallelism; utilisation and replicas where tails are looked at.
const TUNED = [
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
const FRESH = [
  ['writing', 'llama-3.1-8b', 'l40s', 1],
  ['writing', 'qwen3-14b', 'a100', 1],
  ['writing', 'llama-3.1-70b', 'h200', 4],
  ['code', 'qwen3-32b', 'h100', 2],
  ['code', 'llama-3.1-8b', 'a100', 1],
  ['chat', 'llama-3.1-70b', 'h100', 4],
  ['chat', 'qwen3-30b-a3b', 'a100', 2],
  ['agent', 'llama-3.1-70b', 'a100', 8],
  ['agent', 'qwen3-235b-a22b', 'h200', 8],
  ['azure', 'qwen3-32b', 'l40s', 4],
];

/** Shapes that no published distribution of the catalogue has: answers longer than prompts, answers of a few tokens, exponential ones. */
const SHAPES = {
  writing: random => ({ promptTokens: 50 + random.below(500), outputTokens: 100 + random.below(900) }),
  code: random => ({
    promptTokens: Math.min(30_000, 200 + Math.ceil(random.exponential(1 / 2000))),
    outputTokens: Math.ceil(random.exponential(1 / 28)),
  }),
  chat: random => ({
    promptTokens: Math.ceil(random.exponential(1 / 900)),
    outputTokens: Math.ceil(random.exponential(1 / 250)),
  }),
};

const draw = (name, count, seed) => {
  const random = seededRandom(seed);
  const one = SHAPES[name] ?? (source => drawLengths(findCdf(name), source));
  return Array.from({ length: count }, () => one(random));
};

function profileFor(model, gpu, tp, contextTokens = 70_000) {
  const big = gpu !== 'l40s' && gpu !== 'a100';
  return engineProfile({ model, gpu, tp, contextTokens, maxBatchedTokens: big ? 8192 : 2048 });
}

const demandOf = lengths => {
  const mix = new LengthMix(lengths);
  return { moments: mix.moments(0, mix.size), sample: mix.sample(0, mix.size) };
};

/** Requests a second that one engine completes while more wait, in the answer tokens it has produced when nobody waits any more. */
function saturatedRate(profile, lengths) {
  const engine = createEngine(profile, { events: 'milestones', maxWaiting: 1e7 });
  let tokens = 0;
  for (const [id, { promptTokens, outputTokens }] of lengths.entries()) {
    engine.submit({ id, promptTokens, outputTokens: Math.max(1, outputTokens), prefix: NO_PREFIX }, 0);
    tokens += Math.max(1, outputTokens);
  }
  let now = 0;
  while (engine.stats().waiting > 0) now = engine.advance(now, now + 1000).endsAt;
  return (1000 * engine.stats().outputTokens * lengths.length) / tokens / now;
}

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

const p99 = list => list.sort((a, b) => a - b)[Math.ceil(0.99 * list.length) - 1];
const percent = value => `${value < 0 ? '−' : '+'}${Math.abs(100 * value).toFixed(1)} %`;

function capacities(title, cases) {
  let within = 0;
  for (const [name, profile, lengths] of cases) {
    const error = replicaCapacity(profile, demandOf(lengths)) / saturatedRate(profile, lengths) - 1;
    if (Math.abs(1 / (1 + error) - 1) <= 0.03) within++;
    console.log(`  ${name}: utilisation ${percent(1 / (1 + error) - 1)}`);
  }
  console.log(`${title}: utilisation within 3 % of the twin's: ${within} of ${cases.length}`);
}

const named = ([lengths, model, gpu, tp], seed) => [
  `${lengths} ${model} ${tp} × ${gpu}`,
  profileFor(model, gpu, tp),
  draw(lengths, 20_000, seed),
];

if (values.part.includes('capacity')) {
  capacities(
    'tuned on',
    TUNED.map(one => named(one, 99)),
  );
  capacities(
    'fresh',
    FRESH.map(one => named(one, 7)),
  );
  for (const file of values.trace) {
    const { requests } = await readTrace(createReadStream(file, { encoding: 'utf8' }));
    const lengths = requests.slice(0, 20_000).map(({ promptTokens, outputTokens }) => ({ promptTokens, outputTokens }));
    capacities(
      file.split('/').at(-1),
      [
        ['llama-3.1-8b', 'h100', 1],
        ['llama-3.1-8b', 'l40s', 1],
        ['qwen3-14b', 'a100', 1],
        ['llama-3.1-70b', 'h200', 8],
      ].map(([model, gpu, tp]) => [`${model} ${tp} × ${gpu}`, profileFor(model, gpu, tp, 200_000), lengths]),
    );
  }
}

if (values.part.includes('tail')) {
  let within = 0;
  for (const [name, model, gpu, tp, load, replicas] of TUNED) {
    const profile = profileFor(model, gpu, tp);
    const demand = demandOf(draw(name, 20_000, 99));
    const capacity = replicaCapacity(profile, demand);
    const rate = load * replicas * capacity;
    const forecast = forecastPool(profile, replicas, { ...demand, rate, arrivalCv2: 1 }, capacity);
    const count = 4000 * Math.min(4, replicas);
    const tails = [];
    for (let seed = 1; seed <= seeds; seed++) {
      const { completed } = play(profile, draw(name, count, seed), replicas, rate, seed);
      tails.push(p99(completed.filter(({ index }) => index > count / 10).map(({ ttftMs }) => ttftMs)));
    }
    const error = forecast.p99TtftMs / (tails.reduce((sum, value) => sum + value, 0) / tails.length) - 1;
    if (Math.abs(error) <= 0.3) within++;
    console.log(
      `${name} ${model} ${tp} × ${gpu}, ${replicas} replicas at ${load}: P99 TTFT ${forecast.p99TtftMs.toFixed(0)} ms, twin ` +
        `${tails.map(tail => tail.toFixed(0)).join(' ')} (${percent(error)})`,
    );
  }
  console.log(`P99 TTFT within 30 %: ${within} of ${TUNED.length}`);
}

if (values.part.includes('pools')) {
  const kinds = [
    ['h100', 4],
    ['h100', 8],
    ['a100', 4],
    ['a100', 8],
    ['h200', 4],
  ].map(([gpu, tp]) => ({
    profile: profileFor('llama-3.1-70b', gpu, tp),
    usdPerHour: tp * findGpu(gpu).usdPerHour,
  }));
  for (const name of ['azure', 'lmsys', 'agent']) {
    const lengths = new LengthMix(draw(name, 20_000, 7));
    const before = process.cpuUsage();
    const fleets = sizeFleets(lengths, kinds, 100, 4);
    const { user, system } = process.cpuUsage(before);
    console.log(
      `${name}, 100 requests/s, 70B, the cheapest fleets of 1 to 4 pools (${((user + system) / 1000).toFixed(0)} ms of CPU)`,
    );
    for (const { pools, usdPerHour } of fleets) {
      const told = pools.map(({ replicas, kind: { profile }, upTo }) => {
        const gpus = `${replicas} × ${profile.tensorParallel} ${profile.gpu}`;
        return Number.isFinite(upTo) ? `${gpus} to ${upTo} tokens` : gpus;
      });
      console.log(
        `  $${usdPerHour.toFixed(2)} (${percent(usdPerHour / fleets[0].usdPerHour - 1)}): ${told.join(', ')}`,
      );
    }
  }
}

if (!values.part.includes('grid')) process.exit();
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
