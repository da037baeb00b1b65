// What a limit on energy does: `node bench/energy.mjs --trace FILE [--requests N] [--loads 0.1,0.3,0.6] [--json]`, after a build.
// Virtual time: the production router and pools over modelled engines. Two fleets, each with no limit as its control:
//   replicas: one 8B model, four replicas on one H100 each, placed by least load. A limit can only draw requests together;
//   models:   a decision for [large, small], the 70B model on four H100 first. A limit sends to the 8B model what the large one would spend too much on.
// Load is a share of one replica's requests a second, times the replicas, as given by --capacity (8B) and --large (70B). Ranges over bootstrap resamples of the trace.

import { withoutEngines } from '../dist/cli/local-engines.js';
import { parseConfig } from '../dist/config/load.js';
import { seededRandom } from '../dist/contract/random.js';
import { playFleet } from '../dist/fleet/twin/pool-twin.js';
import { resample } from '../dist/lab/placement/resample.js';
import { help } from './support/help.mjs';
import { argument, spanOf, tracedRequests } from './support/trace-options.mjs';

help(import.meta.url);

const requests = await tracedRequests(Number(argument('requests', 2000)));
const samples = [
  requests,
  ...Array.from({ length: Number(argument('resamples', 2)) }, (_, i) => resample(requests, seededRandom(i + 1))),
];
const loads = argument('loads', '0.1,0.3,0.6').split(',').map(Number);

const ROOM =
  'concurrency: 256, ejection: false, queue: { length: 100000, tokens: 100000M, bytes: 100GB, timeout: 24h }';
const SMALL = 'simulate: { model: llama-3.1-8b, gpu: h100';
const FLEETS = {
  replicas: {
    models: '[m]',
    capacity: 4 * Number(argument('capacity', 15)),
    pools: `models: { m: { context: 128k } }, pools: { p: { model: m, placement: least_load, ${ROOM}, ${SMALL}, replicas: 4 } } }`,
    limits: [undefined, 'max_joules: 400', 'max_joules: 100', 'min_tokens_per_joule: 4'],
  },
  models: {
    models: '[large, small]',
    capacity: 2 * Number(argument('large', 7)),
    pools: `models: { large: { context: 128k }, small: { context: 128k } }, pools: {
  l: { model: large, ${ROOM}, simulate: { model: llama-3.1-70b, gpu: h100, tp: 4, replicas: 2 } }, s: { model: small, ${ROOM}, ${SMALL}, replicas: 2 } } }`,
    limits: [undefined, 'max_joules: 6000', 'max_joules: 3000', 'max_joules: 1000'],
  },
};

const at = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];

function figures(list, { models, pools }, limit, rate) {
  const energy = limit === undefined ? '' : `, energy: { ${limit} }`;
  const text = `router: { decisions: [{ name: all, when: otherwise, models: ${models}${energy} }] }\npool: { ${pools} }\n`;
  const parsed = parseConfig(text, { file: 'bench', env: {}, readFile: () => '' });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { completed, pools: used } = playFleet(list, {
    config: withoutEngines(parsed.config),
    asks: () => 'auto',
    random: seededRandom(1),
    rateScale: rate / (list.length / spanOf(list)),
  });
  const ttft = completed.map(({ ttftMs }) => ttftMs).sort((a, b) => a - b);
  const tpot = completed.flatMap(({ tpotMs }) => tpotMs ?? []).sort((a, b) => a - b);
  let joules = 0;
  for (const pool of used.values()) joules += pool.joules;
  const tokens = completed.reduce((sum, { outputTokens }) => sum + outputTokens, 0);
  const on = new Map();
  for (const { replica } of completed) on.set(replica, (on.get(replica) ?? 0) + 1);
  return {
    answered: completed.length / list.length,
    tokens_per_joule: tokens / joules,
    ttft_p99: at(ttft, 0.99),
    tpot_p99: at(tpot, 0.99),
    large: completed.filter(({ model }) => model === 'large').length / list.length,
    busiest: Math.max(...on.values()) / completed.length,
  };
}

const rows = [];
for (const [fleet, settings] of Object.entries(FLEETS)) {
  for (const load of loads) {
    for (const limit of settings.limits) {
      const runs = samples.map(list => figures(list, settings, limit, load * settings.capacity));
      const range = key => {
        const values = runs.map(run => run[key]);
        return [values[0], Math.min(...values), Math.max(...values)];
      };
      const row = { fleet, load, limit: limit ?? 'none (control)' };
      rows.push({ ...row, ...Object.fromEntries(Object.keys(runs[0]).map(key => [key, range(key)])) });
    }
  }
}
if (process.argv.includes('--json')) console.log(JSON.stringify({ rows }, undefined, 2));
else {
  const show =
    (digits, factor = 1) =>
    values => {
      const [value, least, most] = values.map(one => (one * factor).toFixed(digits));
      return `${value} (${least}–${most})`;
    };
  console.table(
    rows.map(row => ({
      ...{ fleet: row.fleet, load: row.load, limit: row.limit, 'answered %': show(0, 100)(row.answered) },
      ...{ 'tokens/J of the fleet': show(3)(row.tokens_per_joule) },
      ...{ 'TTFT p99 ms': show(0)(row.ttft_p99), 'TPOT p99 ms': show(1)(row.tpot_p99) },
      ...{ 'on large %': show(0, 100)(row.large), 'on the busiest %': show(0, 100)(row.busiest) },
    })),
  );
}
