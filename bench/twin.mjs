// How fast the twin plays a trace: `node bench/twin.mjs --trace mooncake-conversation.jsonl [--replicas 8,512] [--rounds 3] [--json]`, after a
// build. The live pool on a virtual clock over modelled engines (70B on 8 × H100, placement `prefix`), at the trace's rate for each four
// replicas. CPU time of this process; the median of the rounds, with the range. Its control: the same engines and placer without the pool.
import { createReadStream } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { withoutEngines } from '../dist/cli/local-engines.js';
import { parseConfig } from '../dist/config/load.js';
import { seededRandom } from '../dist/contract/random.js';
import { playPool } from '../dist/fleet/twin/pool-twin.js';
import { DEFAULT_ENGINE } from '../dist/lab/placement/engines.js';
import { BenchFleet } from '../dist/lab/placement/fleet.js';
import { readTrace } from '../dist/workload/traces/read.js';

const { values } = parseArgs({
  options: {
    trace: { type: 'string' },
    replicas: { type: 'string', default: '8,512' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
});
if (values.trace === undefined) throw new Error('--trace FILE is missing');
const { requests } = await readTrace(createReadStream(values.trace, { encoding: 'utf8' }));

function cpuSeconds(work) {
  const from = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1e6;
}

const MOST = 64;
const rows = [];
for (const replicas of values.replicas.split(',').map(Number)) {
  // A pool has at most 64 simulated replicas; several pools of a model are placed over as one tier.
  const pools = Array.from({ length: Math.ceil(replicas / MOST) }, (_, at) => {
    const own = Math.min(MOST, replicas - at * MOST);
    return `p${at}: { model: m, placement: prefix, concurrency: 256, simulate: { model: llama-3.1-70b, gpu: h100, tp: 8, replicas: ${own} } }`;
  });
  const text = `pool: { models: { m: {} }, pools: { ${pools.join(', ')} } }`;
  const result = parseConfig(`${text}\nrouter: { decisions: [{ name: all, when: otherwise, models: [m] }] }\n`, {
    file: 'bench',
  });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  const config = withoutEngines(result.config).pool;
  const rateScale = replicas / 4;
  const rates = { pool: [], control: [] };
  let answered = 0;
  for (let round = 0; round < Number(values.rounds); round++) {
    const options = { config, modelOf: () => 'm', random: seededRandom(1), rateScale };
    rates.pool.push(
      requests.length /
        cpuSeconds(() => {
          answered = playPool(requests, options).completed.length;
        }),
    );
    const fleet = new BenchFleet(requests, { replicas, blocks: undefined, engine: DEFAULT_ENGINE, seed: 1 });
    rates.control.push(requests.length / cpuSeconds(() => fleet.play('weir', 'prefix', rateScale)));
  }
  const middle = list => [...list].sort((a, b) => a - b)[list.length >> 1];
  const shown = list => ({
    requests_per_s: Math.round(middle(list)),
    range: [Math.round(Math.min(...list)), Math.round(Math.max(...list))],
  });
  rows.push({
    replicas,
    answered,
    of: requests.length,
    pool: shown(rates.pool),
    engines_and_placer: shown(rates.control),
  });
}
const report = { cpu: cpus()[0].model.trim(), node: process.version, load: loadavg()[0], rows };
if (values.json) console.log(JSON.stringify(report));
else {
  console.log(`${report.cpu}, Node ${report.node}, load ${report.load.toFixed(2)}`);
  for (const { replicas, answered, of, pool, engines_and_placer: control } of rows) {
    console.log(
      `${replicas} replicas: ${pool.requests_per_s} requests/s (${pool.range.join('..')}), engines and placer alone ${control.requests_per_s} (${control.range.join('..')}); ${answered} of ${of} answered`,
    );
  }
}
