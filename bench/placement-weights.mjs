// What the weights of the default placement trade: `node bench/placement-weights.mjs --trace FILE --blocks B [--share .8] [--replicas 8]`,
// after a build. A trace of lengths only gets made-up conversations (seed 1). Each line: pending prefill, in flight, hits over those of
// a shared cache, load max/mean, TTFT mean and P99 in ms, output tokens a joule.
import { createReadStream } from 'node:fs';
import { parseArgs } from 'node:util';
import { seededRandom } from '../dist/contract/random.js';
import { playTrace } from '../dist/fleet/twin/trace-driver.js';
import { reportOf } from '../dist/lab/placement/bench.js';
import { inferConversations } from '../dist/lab/placement/conversations.js';
import { benchEngines, DEFAULT_ENGINE } from '../dist/lab/placement/engines.js';
import { BenchFleet } from '../dist/lab/placement/fleet.js';
import { measureSaturation } from '../dist/lab/placement/saturation.js';
import { maxScore } from '../dist/pool/placement/pickers/max-score.js';
import { PrefixMemory } from '../dist/pool/placement/prefix-memory.js';
import { ScoredPlacer } from '../dist/pool/placement/scored-placer.js';
import { inFlightTokens } from '../dist/pool/placement/scorers/in-flight-tokens.js';
import { pendingPrefill } from '../dist/pool/placement/scorers/pending-prefill.js';
import { prefixAffinity } from '../dist/pool/placement/scorers/prefix-affinity.js';
import { readTrace } from '../dist/workload/traces/read.js';
import { help } from './support/help.mjs';

help(import.meta.url);

const { values } = parseArgs({
  options: {
    trace: { type: 'string' },
    blocks: { type: 'string' },
    replicas: { type: 'string', default: '8' },
    share: { type: 'string', default: '0.8' },
    pending: { type: 'string', default: '0.01,0.03,0.1,0.3,1' },
    in_flight: { type: 'string', default: '0.003,0.01,0.03,0.1' },
  },
});
const read = await readTrace(createReadStream(values.trace, { encoding: 'utf8' }));
const shared = read.requests.some(({ prefix }) => prefix.hashes.length > 0);
const trace = shared ? read : inferConversations(read, seededRandom(1).fork('conversations'));
const fleet = new BenchFleet(trace.requests, {
  replicas: Number(values.replicas),
  blocks: Number(values.blocks),
  engine: DEFAULT_ENGINE,
  seed: 1,
});
const saturation = measureSaturation(fleet, 'weir');
const load = saturation * Number(values.share);
console.log(
  `${trace.requests.length} requests, shared cache ${((100 * fleet.shared.hits) / fleet.shared.lookups).toFixed(1)} %, ` +
    `without end ${((100 * fleet.infinite.hits) / fleet.infinite.lookups).toFixed(1)} %, saturation at load ${saturation.toFixed(2)}, now ${load.toFixed(2)}`,
);
const list = text => text.split(',').map(Number);
for (const pending of list(values.pending)) {
  for (const flying of list(values.in_flight)) {
    const random = seededRandom(1).fork('weights');
    const placer = new ScoredPlacer({
      name: 'weights',
      scorers: [prefixAffinity(), pendingPrefill(pending), inFlightTokens(flying)],
      picker: maxScore(),
      random,
      memory: new PrefixMemory({ beyond: 2 }),
    });
    const engines = benchEngines(fleet.profile, fleet.options.replicas);
    const result = playTrace(fleet.requests, {
      placer,
      engines,
      replica: {
        limit: Number.MAX_SAFE_INTEGER,
        contextTokens: fleet.profile.contextTokens,
        cacheBlocks: fleet.options.blocks,
      },
      rateScale: load,
    });
    const {
      share_of_shared_cache: hits,
      load_max_over_mean: even,
      ttft_ms,
      tokens_per_joule,
    } = reportOf({ result, engines }, fleet);
    console.log(
      [
        pending,
        flying,
        `${(100 * hits).toFixed(1)} %`,
        even.toFixed(2),
        ttft_ms.mean.toFixed(0),
        ttft_ms.p99.toFixed(0),
        tokens_per_joule.toFixed(3),
      ].join('\t'),
    );
  }
}
