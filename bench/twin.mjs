// How fast the twin plays a trace: `node bench/twin.mjs --trace mooncake-conversation.jsonl [--replicas 8,512] [--rounds 3] [--json]`, after a
// build. The live router (a policy of two decisions on the length of the prompt) and the live pool (placement `prefix`) on a virtual clock over
// modelled engines, 70B on 8 × H100, at the trace's rate for each four replicas. Its controls: the same engines and placer without router and
// pool, and the same engines alone, requests in turn. CPU time of this process; the median of the rounds with the range. The first round, in which
// the code is compiled, is not counted.
//
// `--stream N` instead plays N generated requests (the Azure distribution, 8B on 8 × H100 at 0.7 of their capacity) that exist only one at a time, and tells the
// most memory that the process ever had.
import { createReadStream } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { withoutEngines } from '../dist/cli/local-engines.js';
import { parseConfig } from '../dist/config/load.js';
import { seededRandom } from '../dist/contract/random.js';
import { replicaCapacity } from '../dist/fleet/closed-form/capacity.js';
import { LengthMix } from '../dist/fleet/closed-form/length-mix.js';
import { FleetTwin } from '../dist/fleet/twin/fleet-twin.js';
import { benchEngines, DEFAULT_ENGINE } from '../dist/lab/placement/engines.js';
import { BenchFleet } from '../dist/lab/placement/fleet.js';
import { engineProfile } from '../dist/pool/engine/profile.js';
import { drawLengths, findCdf } from '../dist/workload/generate/length-cdf.js';
import { readTrace } from '../dist/workload/traces/read.js';
import { NO_PREFIX } from '../dist/workload/traces/trace.js';
import { help } from './support/help.mjs';

help(import.meta.url);

const { values } = parseArgs({
  options: {
    trace: { type: 'string' },
    replicas: { type: 'string', default: '8,512' },
    rounds: { type: 'string', default: '3' },
    stream: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

function cpuSeconds(work) {
  const from = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1e6;
}

function configOf(simulate) {
  const text = `
router:
  signals: { long: { context: { above: 16k } } }
  decisions:
    - { name: reading, when: long, models: [m] }
    - { name: rest, when: otherwise, models: [m] }
pool:
  models: { m: { context: 160k } }
  pools: { p: { model: m, placement: prefix, concurrency: 256, simulate: { ${simulate} } } }
`;
  const result = parseConfig(text, { file: 'bench', env: {}, readFile: () => '' });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return withoutEngines(result.config);
}

function playAll(config, requests, rateScale) {
  const twin = new FleetTwin({ config, asks: () => 'auto', random: seededRandom(1), rateScale });
  for (const request of requests) twin.offer(request);
  return twin.finish();
}

/** Engines alone: requests in turn, each engine driven by itself. */
function playEngines(engines, requests, rateScale) {
  let finished = 0;
  for (const [at, engine] of engines.entries()) {
    let now = 0;
    for (let i = at; ; ) {
      for (; i < requests.length && requests[i].arrivalMs / rateScale <= now; i += engines.length) {
        const { promptTokens, outputTokens, prefix } = requests[i];
        engine.submit({ id: i, promptTokens, outputTokens: Math.max(1, outputTokens), prefix }, now);
      }
      const next = i < requests.length ? requests[i].arrivalMs / rateScale : Number.POSITIVE_INFINITY;
      const iteration = engine.advance(now, next);
      if (iteration === undefined && i >= requests.length) break;
      now = iteration?.endsAt ?? next;
    }
    finished += engine.stats().finished;
  }
  return finished;
}

const machine = { cpu: cpus()[0].model.trim(), node: process.version, load: loadavg()[0] };
const say = (report, lines) => {
  if (values.json) console.log(JSON.stringify({ ...machine, ...report }));
  else console.log([`${machine.cpu}, Node ${machine.node}, load ${machine.load.toFixed(2)}`, ...lines].join('\n'));
};

if (values.stream !== undefined) stream(Number(values.stream));
else if (values.trace === undefined) throw new Error('--trace FILE or --stream N is missing');
else await speed(values.trace);

function stream(count) {
  const lengths = source => drawLengths(findCdf('azure'), source);
  const profile = engineProfile({ model: 'llama-3.1-8b', gpu: 'h100' });
  const source = seededRandom(9);
  const mix = new LengthMix(Array.from({ length: 20_000 }, () => lengths(source)));
  const capacity = replicaCapacity(profile, { moments: mix.moments(0, mix.size), sample: mix.sample(0, mix.size) });
  const perMs = (0.7 * 8 * capacity) / 1000;
  function* requests() {
    const random = seededRandom(1);
    let arrivalMs = 0;
    for (let i = 0; i < count; i++) {
      arrivalMs += random.exponential(perMs);
      const { promptTokens, outputTokens } = lengths(random);
      yield { arrivalMs, promptTokens, outputTokens, prefix: NO_PREFIX };
    }
  }
  const config = configOf('model: llama-3.1-8b, gpu: h100, replicas: 8');
  let result;
  const seconds = cpuSeconds(() => {
    result = playAll(config, requests(), 1);
  });
  const bytes = process.resourceUsage().maxRSS * 1024;
  const report = { requests: count, answered: result.answered, requests_per_s: Math.round(count / seconds), bytes };
  say(report, [
    `${count} requests, ${result.answered} answered: ${report.requests_per_s} requests/s, ${(bytes / 2 ** 30).toFixed(2)} GiB at most; ` +
      `P99 TTFT ${result.ttft.p99.toFixed(0)} ms`,
  ]);
}

async function speed(file) {
  const { requests } = await readTrace(createReadStream(file, { encoding: 'utf8' }));
  const rows = [];
  for (const replicas of values.replicas.split(',').map(Number)) {
    const config = configOf(`model: llama-3.1-70b, gpu: h100, tp: 8, replicas: ${replicas}`);
    const rateScale = replicas / 4;
    const rates = { twin: [], placed: [], alone: [] };
    let answered = 0;
    for (let round = 0; round <= Number(values.rounds); round++) {
      const fleet = new BenchFleet(requests, { replicas, blocks: undefined, engine: DEFAULT_ENGINE, seed: 1 });
      const engines = benchEngines(engineProfile({ ...DEFAULT_ENGINE, contextTokens: 160 * 1024 }), replicas);
      const seconds = {
        twin: cpuSeconds(() => {
          answered = playAll(config, requests, rateScale).answered;
        }),
        placed: cpuSeconds(() => fleet.play('weir', 'prefix', rateScale)),
        alone: cpuSeconds(() => playEngines(engines, requests, rateScale)),
      };
      if (round > 0) for (const key of Object.keys(rates)) rates[key].push(requests.length / seconds[key]);
    }
    const shown = list => {
      const sorted = [...list].sort((a, b) => a - b).map(Math.round);
      return { requests_per_s: sorted[sorted.length >> 1], range: [sorted[0], sorted.at(-1)] };
    };
    const { twin, placed, alone } = rates;
    rows.push({
      ...{ replicas, answered, of: requests.length, twin: shown(twin) },
      ...{ engines_and_placer: shown(placed), engines_alone: shown(alone) },
    });
  }
  const told = ({ requests_per_s, range }) => `${requests_per_s} (${range.join('..')})`;
  say(
    { rows },
    rows.map(
      row =>
        `${row.replicas} replicas: router and pool ${told(row.twin)} requests/s, engines and placer ${told(row.engines_and_placer)}, ` +
        `engines alone ${told(row.engines_alone)}; ${row.answered} of ${row.of} answered`,
    ),
  );
}
