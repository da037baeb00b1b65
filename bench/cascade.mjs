// What a pool-aware cascade is worth: `node bench/cascade.mjs --trace FILE [--requests N] [--resamples 3] [--loads 0.5,0.8,0.95] [--compressible 0.6] [--json]`, after a build.
// Virtual time: the production router, strategy and pools over modelled engines (an 8B model on one H100, twice; a 70B model on four, twice). The same requests under
// six policies: only small, only large, and cascades that escalate every doubted answer, those that are predicted in time, those with half the time, and the last with prompts
// made shorter by a third where the whole is not in time (of a share of prompts, `--compressible`). Load is a share of what the fleet serves when
// every doubted answer escalates. Whether an answer passes is drawn, so quality is a stand-in: the share of answers given by a model that the request is not too hard for.
// Ranges are least and most over the trace and bootstrap resamples of it. Nothing is fitted: the limits are the defaults of the strategy.

import { withoutEngines } from '../dist/cli/local-engines.js';
import { parseConfig } from '../dist/config/load.js';
import { seededRandom } from '../dist/contract/random.js';
import { playFleet } from '../dist/fleet/twin/pool-twin.js';
import { resample } from '../dist/lab/placement/resample.js';
import { help } from './support/help.mjs';
import { argument, spanOf, tracedRequests } from './support/trace-options.mjs';

help(import.meta.url);

const count = Number(argument('requests', 3000));
const resamples = Number(argument('resamples', 3));
const loads = argument('loads', '0.5,0.8,0.95').split(',').map(Number);
const ACCEPTED = { small: Number(argument('small', 0.65)), large: Number(argument('large', 0.92)) };
const COMPRESSIBLE = Number(argument('compressible', 0.6));
const POLICIES = {
  'only small': 'models: [small], strategy: single',
  'only large': 'models: [large], strategy: single',
  'always escalate': 'models: [small, large], strategy: { cascade: { escalate: always } }',
  'pool-aware, 10 s': 'models: [small, large], strategy: cascade',
  'pool-aware, 5 s': 'models: [small, large], strategy: { cascade: { ttft: 5s } }',
  'pool-aware, 5 s, compressing': 'models: [small, large], strategy: { cascade: { ttft: 5s, compress: 1.5 } }',
};

const requests = await tracedRequests(count);

function configOf(policy) {
  const queue =
    'concurrency: 256, ejection: false, queue: { length: 100000, tokens: 100000M, bytes: 100GB, timeout: 24h }';
  const text = `
router: { decisions: [{ name: all, when: otherwise, ${policy} }] }
fleet: { accepted: ${JSON.stringify(ACCEPTED)}, compressible: ${COMPRESSIBLE} }
pool:
  models: { small: { context: 128k }, large: { context: 128k } }
  pools:
    small: { model: small, ${queue}, timeouts: { first_byte: 24h }, simulate: { model: llama-3.1-8b, gpu: h100, replicas: 2 } }
    large: { model: large, ${queue}, timeouts: { first_byte: 24h }, simulate: { model: llama-3.1-70b, gpu: h100, tp: 4, replicas: 2 } }
`;
  const result = parseConfig(text, { file: 'bench', env: {}, readFile: () => '' });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return withoutEngines(result.config);
}

function play(list, policy, rate) {
  const rateScale = rate / (list.length / spanOf(list));
  const config = configOf(policy);
  const result = playFleet(list, { config, asks: () => 'auto', random: seededRandom(1), rateScale });
  return { result, arrivalsMs: (1000 * spanOf(list)) / rateScale };
}

/** Answers a second while there is always work, from four tenths of the way to the last arrival. */
function saturation() {
  const { result, arrivalsMs } = play(requests, POLICIES['always escalate'], 60);
  const ended = result.completed.filter(({ arrivalMs, e2eMs }) => {
    const at = arrivalMs + e2eMs;
    return at >= 0.4 * arrivalsMs && at <= arrivalsMs;
  });
  return ended.length / (0.0006 * arrivalsMs);
}

const at = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];

function figures(list, policy, rate) {
  const { result } = play(list, policy, rate);
  const { completed } = result;
  const e2e = completed.map(one => one.e2eMs).sort((a, b) => a - b);
  const ttft = completed.map(one => one.ttftMs).sort((a, b) => a - b);
  const judged = result.decisions.get('all').judged?.small ?? {};
  const all = list.length;
  let joules = 0;
  for (const pool of result.pools.values()) joules += pool.joules;
  return {
    answered: completed.length / all,
    ttft_p50: at(ttft, 0.5),
    ttft_p99: at(ttft, 0.99),
    e2e_p50: at(e2e, 0.5),
    e2e_p99: at(e2e, 0.99),
    escalated: (judged.escalated ?? 0) / all,
    kept: (judged.kept ?? 0) / all,
    quality: completed.filter(({ model, hardness }) => hardness < ACCEPTED[model]).length / all,
    joules: joules / all,
  };
}

const rate = Number(argument('saturation', 0)) || saturation();
const samples = [requests, ...Array.from({ length: resamples }, (_, i) => resample(requests, seededRandom(i + 1)))];
const rows = [];
for (const load of loads) {
  for (const [policy, text] of Object.entries(POLICIES)) {
    const runs = samples.map(list => figures(list, text, load * rate));
    const range = Object.fromEntries(
      Object.keys(runs[0]).map(key => {
        const values = runs.map(run => run[key]);
        return [key, [runs[0][key], Math.min(...values), Math.max(...values)]];
      }),
    );
    rows.push({ load, policy, ...range });
  }
}

if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ saturation_per_s: rate, accepted: ACCEPTED, rows }, undefined, 2));
} else {
  console.log(
    `saturation ${rate.toFixed(1)}/s; ${requests.length} requests; passes: small ${ACCEPTED.small}, large ${ACCEPTED.large}`,
  );
  const seconds = ([value, least, most]) =>
    `${(value / 1000).toFixed(1)} (${(least / 1000).toFixed(1)}–${(most / 1000).toFixed(1)})`;
  const percent = ([value, least, most]) =>
    `${(100 * value).toFixed(1)} (${(100 * least).toFixed(1)}–${(100 * most).toFixed(1)})`;
  console.table(
    rows.map(row => ({
      ...{ load: row.load, policy: row.policy },
      ...{ 'TTFT p50 s': seconds(row.ttft_p50), 'TTFT p99 s': seconds(row.ttft_p99) },
      ...{ 'e2e p50 s': seconds(row.e2e_p50), 'e2e p99 s': seconds(row.e2e_p99) },
      ...{ 'escalated %': percent(row.escalated), 'kept %': percent(row.kept), 'quality %': percent(row.quality) },
      ...{ 'J/request': row.joules.map(value => value.toFixed(0)).join(' / ') },
    })),
  );
}
