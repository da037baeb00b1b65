// What a prefix behind the GPUs should count for when a replica is chosen: `node bench/tier-weights.mjs TRACE [--replicas 8] [--blocks 512]
// [--host-blocks 1024] [--disk-blocks 4096] [--links 25/3,5/0.5,1/0.2] [--load 50,80,95] [--requests 0] [--resamples 2] [--seed 1] [--json]`, after a
// build. A trace with block hashes through the placement code in virtual time over modelled engines (70B on eight H100s) that keep `blocks` prefix blocks on their GPUs, so many
// more in the host's memory and on disk, and tell of all of them. `links` are gigabytes a second that each GPU reads from the two. Load is in percent of
// what the fleet was measured to keep up with under `prefix` without tiers. Arms, each `prefix`:
//   blind   no events: the index, which has no tiers, so that all count 1
//   fixed   0.75 and 0.25 of a token on the GPUs
//   cost    by what reading takes against computing (src/pool/placement/tier-worth.ts)
// `mean_over_fixed`, `p99_over_fixed`: times to first token over those of `fixed` on the trace, and their range over the trace and its bootstrap
// resamples by conversation. All else is on the trace itself.
import { parseArgs } from 'node:util';
import { readTraceFile } from '../dist/cli/trace-file.js';
import { seededRandom } from '../dist/contract/random.js';
import { playTrace } from '../dist/fleet/twin/trace-driver.js';
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
    blocks: { type: 'string', default: '512' },
    'host-blocks': { type: 'string', default: '1024' },
    'disk-blocks': { type: 'string', default: '4096' },
    links: { type: 'string', default: '25/3,5/0.5,1/0.2' },
    load: { type: 'string', default: '50,80,95' },
    requests: { type: 'string', default: '0' },
    resamples: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const [replicas, blocks, hostBlocks, diskBlocks, count, seed] = [
  ...['replicas', 'blocks', 'host-blocks', 'disk-blocks', 'requests', 'seed'].map(name => Number(values[name])),
];
const trace = (await readTraceFile(positionals[0])).requests.slice(0, count > 0 ? count : undefined);
const ARMS = ['blind', 'fixed', 'cost'];

/** The memory of a replica's host, and storage behind it, in blocks of the engine. */
function memoryOf({ profile, blockTokens }, [hostLink, diskLink]) {
  const tier = (size, link) => ({
    blocks: Math.ceil((size * blockTokens) / profile.blockTokens),
    bandwidth: link * 1e9,
  });
  return { ...tier(hostBlocks, hostLink), ...(diskBlocks > 0 && { disk: tier(diskBlocks, diskLink) }) };
}

function play(fleet, load, arm, links) {
  const { profile } = fleet;
  const placer = createPlacer('prefix', { random: seededRandom(seed).fork('prefix') });
  const memory = memoryOf(fleet, links);
  const tellers = new Map();
  const engines = Array.from({ length: replicas }, (_, at) => {
    const cache = arm === 'blind' ? undefined : new CacheTeller();
    if (cache !== undefined) {
      tellers.set(`replica-${at}`, cache);
      placer.blocks.linked(`replica-${at}`, true);
      placer.blocks.began(`replica-${at}`, 'exact');
    }
    return createEngine(profile, { events: 'milestones', maxWaiting: 10_000_000, host: memory, cache });
  });
  const iterated = replica => {
    const batch = tellers.get(replica).take();
    if (batch !== undefined) placer.blocks.told(replica, batch.events);
  };
  const result = playTrace(fleet.requests, {
    ...{ placer, engines, rateScale: load },
    replica: {
      limit: Number.MAX_SAFE_INTEGER,
      contextTokens: profile.contextTokens,
      cacheBlocks: blocks + hostBlocks + diskBlocks,
      kvTokens: profile.totalBlocks * profile.blockTokens,
      // Without its memory nobody knows what reading takes.
      forecast: new EngineForecast(profile, arm === 'cost' ? memory : undefined),
    },
    ...(arm !== 'blind' && { telling: { tokensOf, iterated } }),
  });
  return measured(result, engines);
}

function measured({ completed }, engines) {
  const sum = of => engines.reduce((all, engine) => all + (of(engine.stats()) ?? 0), 0);
  const ttft = completed.map(({ ttftMs }) => ttftMs).sort((a, b) => a - b);
  const prompts = sum(({ promptTokens }) => promptTokens);
  const percent = tokens => Number(((100 * tokens) / prompts).toFixed(1));
  return {
    hits: percent(sum(({ cachedTokens }) => cachedTokens)),
    from_host: percent(sum(({ hostTokens }) => hostTokens)),
    from_disk: percent(sum(({ diskTokens }) => diskTokens)),
    ttft_mean_ms: Math.round(ttft.reduce((all, one) => all + one, 0) / ttft.length),
    ttft_p99_ms: Math.round(ttft[Math.floor(0.99 * ttft.length)]),
  };
}

function compared(fleets, load, links) {
  const measures = Object.fromEntries(ARMS.map(arm => [arm, fleets.map(fleet => play(fleet, load, arm, links))]));
  return ARMS.map(arm => {
    const over = name => {
      const ratios = measures[arm].map((one, at) => one[name] / measures.fixed[at][name]);
      const [own, least, most] = [ratios[0], Math.min(...ratios), Math.max(...ratios)].map(ratio => ratio.toFixed(2));
      return `${own} (${least}–${most})`;
    };
    const ratios = { mean_over_fixed: over('ttft_mean_ms'), p99_over_fixed: over('ttft_p99_ms') };
    return { arm, ...measures[arm][0], ...ratios };
  });
}

const random = seededRandom(seed).fork('resamples');
const traces = [
  trace,
  ...Array.from({ length: Number(values.resamples) }, (_, at) => resample(trace, random.fork(`${at}`))),
];
const fleets = traces.map(requests => new BenchFleet(requests, { replicas, blocks, engine: DEFAULT_ENGINE, seed }));
const saturation = measureSaturation(fleets[0], 'weir');
const rows = [];
for (const links of values.links.split(',')) {
  for (const load of values.load.split(',').map(Number)) {
    const found = compared(fleets, (saturation * load) / 100, links.split('/').map(Number));
    rows.push(...found.map(row => ({ links, load, ...row })));
  }
}
if (values.json) console.log(JSON.stringify({ replicas, requests: trace.length, blocks, seed, rows }, undefined, 2));
else console.table(rows);
