// What exact knowledge of prefix caches is worth: `node bench/exact-prefixes.mjs TRACE [--replicas 8] [--blocks 512,2048] [--load 50,80,95]
// [--requests 0] [--resamples 2] [--believed 1] [--seed 1] [--json]`, after a build. A trace with block hashes through the placement code in virtual time over modelled
// engines (70B on eight H100s) whose KV memory of `blocks` prefix blocks is the cache. Load is in percent of what the fleet was measured to keep up with
// under `prefix`; `believed` is how many times its true size the router takes a cache to have. Arms:
//   none         `least_load`, which looks at no prefix
//   estimated    the prefix index, told only where requests went
//   corrected    the same, and engines report each answer's cached tokens
//   exact d ms   engines tell of every block that comes and goes; heard d ms after the iteration, and followed by the gateway's own code
// `share_of_oracle`: hits over those of one shared cache as large as all together. `over`, `under`: prompt tokens that were believed cached and not
// found, and found but not believed, over all prompt tokens. `p99_over_estimated`: P99 over that of `estimated` on the trace, and its range over the trace
// and its bootstrap resamples by conversation. All else is on the trace itself.
import { parseArgs } from 'node:util';
import { readTraceFile } from '../dist/cli/trace-file.js';
import { seededRandom } from '../dist/contract/random.js';
import { playTrace } from '../dist/fleet/twin/trace-driver.js';
import { EventStream } from '../dist/gateway/kv-events/event-stream.js';
import { CacheTeller, tokensOf } from '../dist/lab/placement/cache-teller.js';
import { DEFAULT_ENGINE } from '../dist/lab/placement/engines.js';
import { BenchFleet } from '../dist/lab/placement/fleet.js';
import { resample } from '../dist/lab/placement/resample.js';
import { measureSaturation } from '../dist/lab/placement/saturation.js';
import { createEngine } from '../dist/pool/engine/batching-engine.js';
import { EngineForecast } from '../dist/pool/engine/forecast.js';
import { createPlacer } from '../dist/pool/placement/create-placer.js';
import { help } from './support/help.mjs';

help(import.meta.url);
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    replicas: { type: 'string', default: '8' },
    blocks: { type: 'string', default: '512,2048' },
    load: { type: 'string', default: '50,80,95' },
    requests: { type: 'string', default: '0' },
    resamples: { type: 'string', default: '2' },
    believed: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const numbers = text => text.split(',').map(Number);
const [replicas, count, believed, seed] = ['replicas', 'requests', 'believed', 'seed'].map(name =>
  Number(values[name]),
);
const trace = (await readTraceFile(positionals[0])).requests.slice(0, count > 0 ? count : undefined);

const ARMS = {
  none: { placement: 'least_load' },
  estimated: { placement: 'prefix' },
  corrected: { placement: 'prefix', reports: true },
  'exact 0 ms': { placement: 'prefix', reports: true, delayMs: 0 },
  'exact 50 ms': { placement: 'prefix', reports: true, delayMs: 50 },
  'exact 500 ms': { placement: 'prefix', reports: true, delayMs: 500 },
};

/** Plays the trace with what an arm's router is told. */
function play(fleet, load, { placement, reports = false, delayMs }) {
  const { profile, options } = fleet;
  const placer = createPlacer(placement, { random: seededRandom(seed).fork(placement) });
  const tellers = new Map();
  const engines = Array.from({ length: replicas }, (_, at) => {
    const replica = `replica-${at}`;
    const teller = delayMs === undefined ? undefined : new CacheTeller();
    if (teller !== undefined) tellers.set(replica, { teller, stream: followed(placer.blocks, replica) });
    return createEngine(profile, { events: 'milestones', maxWaiting: 10_000_000, cache: teller });
  });
  const iterated = (replica, clock) => {
    const { teller, stream } = tellers.get(replica);
    const batch = teller.take();
    if (batch === undefined) return;
    const hear = () => stream.live(batch.sequence, batch);
    if (delayMs === 0) hear();
    else clock.at(clock.now() + delayMs, hear);
  };
  return playTrace(fleet.requests, {
    placer,
    engines,
    replica: {
      limit: Number.MAX_SAFE_INTEGER,
      contextTokens: profile.contextTokens,
      cacheBlocks: options.blocks * believed,
      kvTokens: profile.totalBlocks * profile.blockTokens,
      forecast: new EngineForecast(profile),
    },
    rateScale: load,
    ...(reports && { telling: delayMs === undefined ? {} : { tokensOf, iterated } }),
  });
}

/** Follows an engine's events from its beginning on, as the gateway does. */
function followed(blocks, replica) {
  blocks.linked(replica, true);
  return new EventStream({
    get knowledge() {
      return blocks.knowledge(replica);
    },
    began: knowledge => blocks.began(replica, knowledge),
    told: events => blocks.told(replica, events),
  });
}

function measured({ completed }, { shared, blockTokens }) {
  let [hits, over, under, prompts] = [0, 0, 0, 0];
  for (const { cachedTokens, expectedTokens, promptTokens } of completed) {
    hits += cachedTokens / blockTokens;
    over += Math.max(0, expectedTokens - cachedTokens);
    under += Math.max(0, cachedTokens - expectedTokens);
    prompts += promptTokens;
  }
  const ttft = completed.map(({ ttftMs }) => ttftMs).sort((a, b) => a - b);
  const percent = share => Number((100 * share).toFixed(2));
  return {
    hit_percent: percent(hits / shared.lookups),
    share_of_oracle: percent(hits / shared.hits),
    over_percent: percent(over / prompts),
    under_percent: percent(under / prompts),
    ttft_mean_ms: Math.round(ttft.reduce((sum, one) => sum + one, 0) / ttft.length),
    ttft_p99_ms: Math.round(ttft[Math.floor(0.99 * ttft.length)]),
  };
}

/** What every arm measured, with its P99 over that of `estimated` on each of the fleets' traces. */
function compared(fleets, load) {
  const measures = Object.fromEntries(
    Object.entries(ARMS).map(([arm, told]) => [arm, fleets.map(fleet => measured(play(fleet, load, told), fleet))]),
  );
  return Object.entries(measures).map(([arm, all]) => {
    const ratios = all.map(({ ttft_p99_ms }, at) => ttft_p99_ms / measures.estimated[at].ttft_p99_ms);
    const [own, least, most] = [ratios[0], Math.min(...ratios), Math.max(...ratios)].map(ratio => ratio.toFixed(2));
    return { arm, ...all[0], p99_over_estimated: `${own} (${least}–${most})` };
  });
}

const random = seededRandom(seed).fork('resamples');
const traces = [
  trace,
  ...Array.from({ length: Number(values.resamples) }, (_, at) => resample(trace, random.fork(`${at}`))),
];
const rows = [];
for (const blocks of numbers(values.blocks)) {
  const fleets = traces.map(requests => new BenchFleet(requests, { replicas, blocks, engine: DEFAULT_ENGINE, seed }));
  const saturation = measureSaturation(fleets[0], 'weir');
  for (const load of numbers(values.load)) {
    rows.push(...compared(fleets, (saturation * load) / 100).map(row => ({ blocks, load, ...row })));
  }
}
const { resamples } = values;
if (values.json) {
  console.log(JSON.stringify({ replicas, requests: trace.length, resamples, believed, seed, rows }, undefined, 2));
} else console.table(rows);
