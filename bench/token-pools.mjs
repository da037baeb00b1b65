// Do context-length pools save GPUs? `node bench/token-pools.mjs --trace FILE [--rate x] [--ttft ms] [--tpot ms] [--boundaries a,b]
// [--gamma g] [--compressible p] [--json]`,
// after a build. Virtual time: the production pool in front of modelled engines (70B on eight H100 each), one seed. The least fleet whose
// P99 TTFT and P99 TPOT keep to both objectives, of one pool and of two (up to B tokens, and all), with paged admission as vLLM has it and with
// admission that reserves the whole context window, beside the literature's α(1 − 1/ρ). With γ, of the requests over B and up to γB a share
// (`--compressible`, by lot) has its prompt compressed into B, as `compress` of a pool does.

import { readTraceFile } from '../dist/cli/trace-file.js';
import { distributionOf } from '../dist/contract/distribution.js';
import { seededRandom } from '../dist/contract/random.js';
import { playPool } from '../dist/fleet/twin/pool-twin.js';
import { engineProfile } from '../dist/pool/engine/profile.js';
import { poolSchema } from '../dist/pool/schema.js';
import { help } from './support/help.mjs';

help(import.meta.url);

const ENGINE = { model: 'llama-3.1-70b', gpu: 'h100', tp: 8 };
const MOST_NODES = 60;

const argument = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const rate = Number(argument('rate', 8));
const slo = { ttft: Number(argument('ttft', 500)), tpot: Number(argument('tpot', 50)) };
const boundaries = argument('boundaries', '2048,4096,6144').split(',').map(Number);
const gamma = Number(argument('gamma', 1));
const compressible = Number(argument('compressible', 0.75));
const limit = Number(argument('requests', 20_000));
const file = argument('trace');
if (file === undefined) {
  console.error('--trace FILE');
  process.exit(2);
}
const trace = await readTraceFile(file);
const requests = trace.requests.slice(0, limit);
const longest = requests.reduce(
  (most, { promptTokens, outputTokens }) => Math.max(most, promptTokens + outputTokens),
  0,
);
/** The window of a fleet that takes everything: the next power of two, at least 64K. */
const whole = Math.max(65_536, 2 ** Math.ceil(Math.log2(longest + 1)));

/** The requests as a pair of pools with boundary B gets them. */
function compressedTo(B) {
  const random = seededRandom(2);
  return requests.map(request => {
    const { promptTokens, outputTokens } = request;
    const borderline = promptTokens + outputTokens > B && promptTokens + outputTokens <= gamma * B;
    const taken = random.next() < compressible && borderline && outputTokens < B;
    return taken ? { ...request, promptTokens: B - outputTokens } : request;
  });
}

const runs = new Map();
/** A fleet of pools by window and nodes. */
function play(pools, admission) {
  const key = JSON.stringify([pools, admission]);
  const known = runs.get(key);
  if (known !== undefined) return known;
  const config = poolSchema.parse({
    models: { m: { context: whole } },
    pools: Object.fromEntries(
      pools.map(({ window, nodes }, i) => [
        `p${i}`,
        {
          ...{ model: 'm', context: window, concurrency: 256, ejection: false },
          queue: { length: 100_000, tokens: 1e9, timeout: '1h', shed: false },
          simulate: { ...ENGINE, replicas: nodes },
          replicas: undefined,
        },
      ]),
    ),
  });
  for (const [name, entry] of Object.entries(config.pools)) {
    entry.replicas = Array.from({ length: entry.simulate.replicas }, (_, i) => ({
      url: `sim:${name}/${i}`,
      id: `${i}`,
      weight: 1,
    }));
  }
  const [{ window: B }] = pools;
  const result = playPool(pools.length > 1 && gamma > 1 ? compressedTo(B) : requests, {
    ...{ config, admission, random: seededRandom(1), rateScale: rate, modelOf: () => 'm' },
  });
  const of = list => distributionOf(list);
  const figures = {
    nodes: pools.reduce((sum, { nodes }) => sum + nodes, 0),
    ttft_p99: of(result.completed.map(({ ttftMs }) => ttftMs)).p99,
    tpot_p99: of(result.completed.flatMap(({ tpotMs }) => tpotMs ?? [])).p99,
    overflow: result.failed / result.arrived,
    rejected: [...result.rejected.values()].reduce((sum, n) => sum + n, 0),
    short: (result.pools.get('p0')?.completed ?? 0) / result.arrived,
    preemptions: [...result.pools.values()].reduce((sum, { preemptions }) => sum + preemptions, 0),
  };
  runs.set(key, figures);
  process.stderr.write(
    `${admission} ${pools.map(({ window, nodes }) => `${nodes}×${window}`).join(' + ')}: ttft ${Math.round(figures.ttft_p99)} tpot ${figures.tpot_p99.toFixed(1)}\n`,
  );
  return figures;
}

const keeps = ({ ttft_p99, tpot_p99, rejected }) => ttft_p99 <= slo.ttft && tpot_p99 <= slo.tpot && rejected === 0;

/** Least n from 1 for which `test` holds, by doubling and halving: more nodes are never worse. */
function least(test, from = 1) {
  let low = from - 1;
  let high = from;
  while (high <= MOST_NODES && !test(high)) {
    low = high;
    high *= 2;
  }
  if (high > MOST_NODES) return undefined;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (test(middle)) high = middle;
    else low = middle;
  }
  return high;
}

const report = {
  trace: file.split('/').at(-1),
  requests: requests.length,
  rate,
  slo,
  window: whole,
  gamma,
  compressible,
  rows: [],
};
for (const admission of ['paged', 'reserve']) {
  const one = least(nodes => keeps(play([{ window: whole, nodes }], admission)));
  report.rows.push({
    admission,
    B: '–',
    nodes: one,
    ...(one && play([{ window: whole, nodes: one }], admission)),
    saved: 0,
  });
  for (const B of boundaries) {
    const fits = requests.filter(({ promptTokens, outputTokens }) => promptTokens + outputTokens <= B).length;
    const alpha = fits / requests.length;
    let best;
    // For every number of wide nodes the least number of short ones; it cannot be fewer wide ones than the tail alone takes.
    for (let wide = 1; wide < (one ?? MOST_NODES) + 2 && (best === undefined || wide < best.nodes); wide++) {
      const most = (best?.nodes ?? (one ?? MOST_NODES) + 3) - wide - 1;
      if (most < 1) break;
      const pools = short => [
        { window: B, nodes: short },
        { window: whole, nodes: wide },
      ];
      if (!keeps(play(pools(most), admission))) continue;
      const short = least(nodes => nodes >= most || keeps(play(pools(nodes), admission)));
      best = play(pools(short), admission);
      best = { ...best, split: `${short}+${wide}` };
    }
    const profile = engineProfile(ENGINE);
    const kv = profile.totalBlocks * profile.blockTokens;
    const slots = window => Math.min(256, Math.floor(kv / window));
    const rho = admission === 'reserve' ? slots(B) / slots(whole) : 1;
    report.rows.push({
      ...{ admission, B, alpha, formula: alpha * (1 - 1 / rho), ...best },
      saved: one !== undefined && best !== undefined ? 1 - best.nodes / one : undefined,
    });
  }
}

if (process.argv.includes('--json')) console.log(JSON.stringify(report, undefined, 2));
else {
  console.log(
    `${report.trace}: ${report.requests} requests at ${rate} × its rate, P99 TTFT ≤ ${slo.ttft} ms, P99 TPOT ≤ ${slo.tpot} ms, window ${whole}${gamma > 1 ? `, γ ${gamma} of ${compressible}` : ''}`,
  );
  const percent = value => (value === undefined ? '–' : `${(100 * value).toFixed(1)} %`);
  console.table(
    report.rows.map(row => ({
      ...{ admission: row.admission, B: row.B, nodes: row.nodes, split: row.split ?? '–', saved: percent(row.saved) },
      ...{ formula: percent(row.formula), alpha: percent(row.alpha), in_short: percent(row.split && row.short) },
      ...{ ttft_p99: row.ttft_p99 && Math.round(row.ttft_p99), tpot_p99: row.tpot_p99?.toFixed(1) },
      ...{ overflow: percent(row.overflow), preempted: row.preemptions },
    })),
  );
}
