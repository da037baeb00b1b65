// What marks of saturation do to two context-length pools: `node bench/spill-over.mjs --trace FILE [--rates a,b,…] [--concurrency n] [--seeds n] [--json]`,
// after a build. Virtual time: the production pool in front of modelled engines (8B on one H100 each), three replicas up to 4,096 tokens and two that take
// all, lengths of the trace, Poisson arrivals at each rate for ten minutes. Every row plays the same requests. The controls: spilling only while
// there is no place (1, 1), and one mark without a band. All differences are paired by seed, against (1, 1).

import { readTraceFile } from '../dist/cli/trace-file.js';
import { distributionOf } from '../dist/contract/distribution.js';
import { seededRandom } from '../dist/contract/random.js';
import { FleetTwin } from '../dist/fleet/twin/fleet-twin.js';
import { meanInterval } from '../dist/fleet/what-if/student.js';
import { poolSchema } from '../dist/pool/schema.js';
import { help } from './support/help.mjs';

help(import.meta.url);

const argument = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const rates = argument('rates', '60,80,100').split(',').map(Number);
const [concurrency, seeds] = [
  ['concurrency', 64],
  ['seeds', 3],
].map(([name, otherwise]) => Number(argument(name, otherwise)));
const file = argument('trace');
if (file === undefined) {
  console.error('--trace FILE');
  process.exit(2);
}
const MINUTES = 10;
const WARM_UP_MS = 60_000;
const BOUNDARY = 4096;
const WINDOW = 65_536;
const MARKS = [
  [1, 1],
  [1, 0.8],
  [0.9, 0.9],
  [0.9, 0.7],
  [0.7, 0.7],
  [0.7, 0.5],
];
const { requests: lengths } = await readTraceFile(file);

function arrivals(rate, seed) {
  const random = seededRandom(seed);
  const requests = [];
  for (let at = 0; ; ) {
    at += (-Math.log(1 - random.next()) * 1000) / rate;
    if (at >= MINUTES * 60_000) return requests;
    const { promptTokens, outputTokens } = lengths[Math.floor(random.next() * lengths.length)];
    requests.push({ arrivalMs: at, promptTokens, outputTokens, prefix: { hashes: [], blockTokens: 16 } });
  }
}

function play(requests, [above, below]) {
  const poolOf = (context, replicas) => ({
    ...{ model: 'm', context, concurrency, ejection: false, health: false, spill: { above, below } },
    queue: { length: 100_000, tokens: 1e9, timeout: '1h', shed: false },
    simulate: { model: 'llama-3.1-8b', gpu: 'h100', replicas },
  });
  const config = poolSchema.parse({
    models: { m: { context: WINDOW } },
    pools: { short: poolOf(BOUNDARY, 3), long: poolOf(WINDOW, 2) },
  });
  // Addresses are only names here.
  for (const entry of Object.values(config.pools)) {
    const { replicas: count } = entry.simulate;
    entry.replicas = Array.from({ length: count }, (_, i) => ({ url: 'http://127.0.0.1:9', id: `${i}`, weight: 1 }));
  }
  const [short, long] = [[], []];
  const twin = new FleetTwin({
    ...{ config: { pool: config }, random: seededRandom(1), asks: () => 'm' },
    onAnswered: ({ index, arrivalMs, ttftMs }) => {
      if (arrivalMs < WARM_UP_MS) return;
      const { promptTokens, outputTokens } = requests[index];
      (promptTokens + outputTokens > BOUNDARY ? long : short).push(ttftMs);
    },
  });
  for (const request of requests) twin.offer(request);
  const { arrived, answered } = twin.finish();
  const { pools } = twin.pool.snapshot();
  const of = name => pools.find(pool => pool.name === name);
  const all = distributionOf([...short, ...long]);
  return {
    p50: all.p50,
    p99: all.p99,
    short99: distributionOf(short).p99,
    long99: distributionOf(long).p99,
    spilled: (100 * of('long').counts.spilled) / arrived,
    spells: of('short').spells,
    lost: arrived - answered,
  };
}

const rows = [];
for (const rate of rates) {
  const runs = MARKS.map(() => []);
  for (let seed = 1; seed <= seeds; seed++) {
    const requests = arrivals(rate, seed);
    for (const [i, marks] of MARKS.entries()) runs[i].push(play(requests, marks));
  }
  for (const [i, [above, below]] of MARKS.entries()) {
    const mean = key => runs[i].reduce((sum, run) => sum + run[key], 0) / seeds;
    const change = key => {
      const differences = runs[i].map((run, at) => (100 * (run[key] - runs[0][at][key])) / runs[0][at][key]);
      const { mean: middle, interval } = meanInterval(differences, 0.95);
      return i === 0 ? '' : `${middle.toFixed(0)} (${interval.map(x => x.toFixed(0)).join(' to ')})`;
    };
    rows.push({
      ...{ 'req/s': rate, above, below, 'p50 ms': Math.round(mean('p50')), 'p99 ms': Math.round(mean('p99')) },
      ...{ 'p99 %': change('p99'), 'short p99 ms': Math.round(mean('short99')) },
      ...{ 'long p99 ms': Math.round(mean('long99')), 'long p99 %': change('long99') },
      ...{ 'spilled %': mean('spilled').toFixed(1), spells: Math.round(mean('spells')), lost: mean('lost') },
    });
  }
}
if (process.argv.includes('--json'))
  console.log(JSON.stringify({ concurrency, seeds, minutes: MINUTES, rows }, null, 2));
else {
  console.log(`${MINUTES} min, ${concurrency} places a replica, ${seeds} seeds; TTFT after the first minute`);
  console.table(rows);
}
