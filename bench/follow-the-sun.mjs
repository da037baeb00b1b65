// Pools that follow the lengths of requests, against pools that do not: `node bench/follow-the-sun.mjs --short FILE --long FILE [--hours n]
// [--rate x] [--replicas n] [--seeds n] [--warm-up minutes] [--json]`, after a build. Virtual time: the production pool in front of modelled engines (8B on one H100 each).
// A day of `--hours`, in which short requests (lengths of the first trace) come mostly by day and long ones (of the second) mostly by night, Poisson.
// All fleets have as many replicas and so cost the same: one pool; the pair as a file might have it, fixed; the best fixed pair of a grid, chosen with
// hindsight on the whole day of another seed; and pairs that follow, from where the file has them and from the best fixed one. Requests that come within
// the warm-up are served but left out of times, in every row alike; those lost count from the beginning.

import { readTraceFile } from '../dist/cli/trace-file.js';
import { distributionOf } from '../dist/contract/distribution.js';
import { seededRandom } from '../dist/contract/random.js';
import { playPool } from '../dist/fleet/twin/pool-twin.js';
import { meanInterval } from '../dist/fleet/what-if/student.js';
import { poolSchema } from '../dist/pool/schema.js';
import { help } from './support/help.mjs';

help(import.meta.url);

const argument = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const [hours, rate, replicas, seeds] = [
  ['hours', 1],
  ['rate', 18],
  ['replicas', 4],
  ['seeds', 3],
].map(([name, otherwise]) => Number(argument(name, otherwise)));
const longShare = Number(argument('long-share', 0.2));
const swing = Number(argument('swing', 0.9));
const warmUpMinutes = Number(argument('warm-up', 10));
const files = [argument('short'), argument('long')];
if (files.includes(undefined)) {
  console.error('--short FILE --long FILE');
  process.exit(2);
}
const WINDOW = 65_536;
const CHOOSING_SEED = 1000;
const BOUNDARIES = [4096, 8192];
const lengths = [];
for (const file of files) {
  const { requests } = await readTraceFile(file);
  lengths.push(requests.filter(({ promptTokens, outputTokens }) => promptTokens + outputTokens < WINDOW * 0.9));
}

/** A day: rates of short and long requests swing against each other. */
function day(seed) {
  const random = seededRandom(seed);
  const endMs = hours * 3_600_000;
  const requests = [];
  let at = 0;
  for (;;) {
    at += (-Math.log(1 - random.next()) * 1000) / (rate * (1 + swing));
    if (at >= endMs) return requests;
    const sun = swing * Math.sin((2 * Math.PI * at) / endMs);
    const isLong = random.next() < longShare;
    if (random.next() > (1 + (isLong ? -sun : sun)) / (1 + swing)) continue;
    const from = lengths[isLong ? 1 : 0];
    const { promptTokens, outputTokens } = from[Math.floor(random.next() * from.length)];
    requests.push({ arrivalMs: at, promptTokens, outputTokens, prefix: { hashes: [], blockTokens: 16 } });
  }
}

const engines = count => ({
  ...{ model: 'm', concurrency: 256, ejection: false, health: false },
  queue: { length: 100_000, tokens: 1e9, timeout: '1h', shed: false },
  simulate: { model: 'llama-3.1-8b', gpu: 'h100', replicas: count },
});

function play(requests, pools, rebalance) {
  const config = poolSchema.parse({
    models: { m: { context: WINDOW } },
    pools: Object.fromEntries(pools.map(({ name, window, count }) => [name, { ...engines(count), context: window }])),
    ...(rebalance === undefined ? {} : { rebalance }),
  });
  // Addresses are only names here.
  for (const entry of Object.values(config.pools)) {
    const { replicas: count } = entry.simulate;
    entry.replicas = Array.from({ length: count }, (_, i) => ({ url: 'http://127.0.0.1:9', id: `${i}`, weight: 1 }));
  }
  const result = playPool(requests, { config, random: seededRandom(1), modelOf: () => 'm', keepAnswers: true });
  const counted = result.completed.filter(({ arrivalMs }) => arrivalMs >= warmUpMinutes * 60_000);
  const ttft = distributionOf(counted.map(({ ttftMs }) => ttftMs));
  return {
    p99: ttft.p99,
    p50: ttft.p50,
    changes: result.rebalanced.length,
    moved: result.rebalanced.reduce((sum, { before, after }) => sum + Math.abs(after.short - before.short), 0),
    lost: result.arrived - result.completed.length,
    usd: [...result.pools.values()].reduce((sum, { usd }) => sum + usd, 0),
  };
}

const pair = (boundary, short) => [
  { name: 'short', window: boundary, count: short },
  { name: 'long', window: WINDOW, count: replicas - short },
];

const choosing = day(CHOOSING_SEED);
let best;
for (const boundary of BOUNDARIES) {
  for (let short = 1; short < replicas; short++) {
    const { p99 } = play(choosing, pair(boundary, short));
    process.stderr.write(`fixed ${short}+${replicas - short} at ${boundary}: ${Math.round(p99)} ms\n`);
    if (best === undefined || p99 < best.p99) best = { p99, boundary, short };
  }
}
const half = replicas >> 1;
/** A day is an hour unless said, so it looks more often than it would by default. */
const rebalance = {
  day: { short: 'short', long: 'long', boundaries: BOUNDARIES, window: '3m', every: '10s', rest: '20s' },
};
const arms = {
  'one pool': requests => play(requests, [{ name: 'all', window: WINDOW, count: replicas }]),
  [`fixed ${half}+${replicas - half} at 4096`]: requests => play(requests, pair(4096, half)),
  [`best fixed, ${best.short}+${replicas - best.short} at ${best.boundary}`]: requests =>
    play(requests, pair(best.boundary, best.short)),
  [`follows, from ${half}+${replicas - half} at 4096`]: requests => play(requests, pair(4096, half), rebalance),
  [`follows, from ${best.short}+${replicas - best.short} at ${best.boundary}`]: requests =>
    play(requests, pair(best.boundary, best.short), rebalance),
};
const runs = new Map(Object.keys(arms).map(name => [name, []]));
for (let seed = 1; seed <= seeds; seed++) {
  const requests = day(seed);
  for (const [name, arm] of Object.entries(arms)) runs.get(name).push(arm(requests));
}
const rows = [...runs].map(([fleet, list]) => {
  const [p99, p50, usd] = ['p99', 'p50', 'usd'].map(key =>
    meanInterval(
      list.map(run => run[key]),
      0.95,
    ),
  );
  const sum = key => list.reduce((total, run) => total + run[key], 0) / list.length;
  return {
    fleet,
    'p50 ms': Math.round(p50.mean),
    'p99 ms': Math.round(p99.mean),
    '95 %': p99.interval.map(Math.round).join('–'),
    changes: sum('changes'),
    moved: sum('moved'),
    lost: sum('lost'),
    usd: usd.mean.toFixed(2),
  };
});
/** Paired by seed: the same requests, with and without. */
const names = Object.keys(arms);
const paired = [...new Set(names.slice(3))].flatMap(follows =>
  names.slice(0, 3).map(against => {
    const { mean, interval } = meanInterval(
      runs.get(against).map((run, i) => (100 * (runs.get(follows)[i].p99 - run.p99)) / run.p99),
      0.95,
    );
    return { arm: follows, against, 'p99 %': mean.toFixed(1), '95 %': interval.map(x => x.toFixed(1)).join('–') };
  }),
);
if (process.argv.includes('--json'))
  console.log(JSON.stringify({ hours, rate, replicas, seeds, warmUpMinutes, rows, paired }, null, 2));
else {
  console.log(
    `${hours} h, ${rate} requests/s in the mean, ${Math.round(100 * longShare)} % long, ${replicas} replicas, ${seeds} seeds; TTFT of requests after the first ${warmUpMinutes} min`,
  );
  console.table(rows);
  console.table(paired);
}
