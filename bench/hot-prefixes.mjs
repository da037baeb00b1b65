/**
 * What copies of hot prefixes bring: prompts that begin alike, placed with them (`weir`, the default) and, as controls, without (`whole_prefix`),
 * by load alone and by the rules of other schedulers. After a build; virtual time, modelled engines.
 *
 *   node bench/hot-prefixes.mjs [--workload viral,tenants,turning] [--requests 4000] [--seeds 5] [--first-seed 11] [--replicas 8] [--load 0.5,0.8,0.95] [--json]
 *
 * `viral`: one beginning of 8,192 tokens has three requests of five, the others share nothing. `tenants`: 200 system prompts of 4,096 tokens,
 * asked for by Zipf's law. `turning`: the same, but each minute others are in demand. Behind the beginning come 100 to 1,000 tokens of the request's own.
 * Loads are shares of what the fleet saturates at by `weir`, for each seed; the same requests for all policies.
 */
import { parseArgs } from 'node:util';
import { seededRandom } from '../dist/contract/random.js';
import { reportOf } from '../dist/lab/placement/bench.js';
import { BenchFleet } from '../dist/lab/placement/fleet.js';
import { placerOf } from '../dist/lab/placement/policies.js';
import { measureSaturation } from '../dist/lab/placement/saturation.js';
import { rounded } from './figures.mjs';
import { help } from './support/help.mjs';

help(import.meta.url);

const { values } = parseArgs({
  options: {
    workload: { type: 'string', default: 'viral,tenants,turning' },
    policies: { type: 'string', default: 'weir,whole_prefix,least_load,llm_d,dynamo,sglang,aibrix' },
    requests: { type: 'string', default: '4000' },
    seeds: { type: 'string', default: '5' },
    'first-seed': { type: 'string', default: '11' },
    replicas: { type: 'string', default: '8' },
    load: { type: 'string', default: '0.5,0.8,0.95' },
    json: { type: 'boolean', default: false },
  },
});

const mean = values => values.reduce((sum, value) => sum + value, 0) / values.length;
const BLOCK = 64;
const ENGINE = { model: 'llama-3.1-8b', gpu: 'h100', tp: 1 };
/** Of one replica: about what 80 GB leave an 8B model, in blocks of 64 tokens. */
const CACHE = 6400;
const TENANTS = 200;
const ZIPF = 1.1;
const TURN_MS = 60_000;
/** Before it is scaled to the load: a minute's turn holds some six hundred requests. */
const PER_SECOND = 10;

/** How many tokens a request's beginning has, and which of all beginnings it is; none when 0. */
const WORKLOADS = {
  viral: random => (random.next() < 0.6 ? { tokens: 8192, which: 0 } : { tokens: 0, which: 0 }),
  tenants: random => ({ tokens: 4096, which: zipf(random) }),
  turning: (random, now) => ({ tokens: 4096, which: (zipf(random) + 37 * Math.floor(now / TURN_MS)) % TENANTS }),
};

const cumulative = [];
for (let rank = 1; rank <= TENANTS; rank++) cumulative.push((cumulative.at(-1) ?? 0) + rank ** -ZIPF);
function zipf(random) {
  const drawn = random.next() * cumulative.at(-1);
  return cumulative.findIndex(sum => drawn < sum);
}

function requestsOf(workload, count, random) {
  let now = 0;
  let own = 1_000_000;
  return Array.from({ length: count }, () => {
    now += 1000 * random.exponential(PER_SECOND);
    const { tokens, which } = WORKLOADS[workload](random, now);
    const suffix = Math.round(100 * 10 ** random.next());
    const shared = tokens / BLOCK;
    const blocks = Math.ceil((tokens + suffix) / BLOCK);
    const hashes = Array.from({ length: blocks }, (_, i) => (i < shared ? 1 + 1000 * which + i : own++));
    return {
      arrivalMs: now,
      promptTokens: tokens + suffix,
      outputTokens: Math.max(1, Math.round(random.exponential(1 / 200))),
      prefix: { hashes, blockTokens: BLOCK },
    };
  });
}

const policies = values.policies.split(',');
const rows = [];
for (const workload of values.workload.split(',')) {
  const samples = [];
  for (let i = 0; i < Number(values.seeds); i++) {
    const seed = Number(values['first-seed']) + i;
    const requests = requestsOf(workload, Number(values.requests), seededRandom(seed));
    const fleet = new BenchFleet(requests, { replicas: Number(values.replicas), blocks: CACHE, engine: ENGINE, seed });
    samples.push({ fleet, saturation: measureSaturation(fleet, 'weir') });
  }
  for (const share of values.load.split(',').map(Number)) {
    const reports = policies.map(policy => {
      process.stderr.write(`${workload}, ${Math.round(100 * share)} %: ${policy}\n`);
      return samples.map(({ fleet, saturation }) =>
        reportOf(fleet.play(policy, placerOf(policy), share * saturation), fleet),
      );
    });
    for (const [i, policy] of policies.entries()) {
      const of = figure => mean(reports[i].map(figure));
      const over = figure => reports[i].map((report, seed) => figure(report) / figure(reports[0][seed]));
      const ratios = over(({ ttft_ms }) => ttft_ms.p99);
      rows.push({
        ...{ workload, load: share, policy },
        per_s: rounded(
          mean(
            samples.map(({ fleet, saturation }) => (1000 * fleet.requests.length) / fleet.spanMs(share * saturation)),
          ),
        ),
        ttft_mean: rounded(of(({ ttft_ms }) => ttft_ms.mean)),
        ttft_p99: rounded(of(({ ttft_ms }) => ttft_ms.p99)),
        [`p99_over_${policies[0]}`]: `${rounded(mean(ratios))} (${rounded(Math.min(...ratios))}–${rounded(Math.max(...ratios))})`,
        tpot_p99: rounded(of(({ tpot_ms }) => tpot_ms.p99)),
        hits: rounded(of(({ prefix_hit_rate }) => prefix_hit_rate)),
        load_max_over_mean: rounded(of(({ load_max_over_mean }) => load_max_over_mean)),
      });
    }
  }
}
if (values.json) console.log(JSON.stringify({ ...values, rows }));
else console.table(rows);
