// Scaling a pool by what the gateway recommends, in virtual time: `node bench/autoscale.mjs [--trace FILE] [--lengths FILE] [--rate x] [--noise x] [--surges n] [--before days]
// [--start seconds] [--window seconds] [--model name] [--gpu name] [--ttft ms] [--tpot ms] [--seeds n] [--first n] [--json]`, after a build. The production pool and `src/fleet/scale` in front
// of modelled engines. Without a trace each seed draws days (`bench/support/days-of-load.mjs`): the last is played, of those before only the counts are known, as from the store of a gateway. A
// trace is played with its own arrivals, `--rate` times as fast; seeds begin it elsewhere. Rows: the load of now (reactive), the last window
// in the place of a forecast, the forecast with nothing known of days before, the forecast, and the best fixed fleet: the smallest that keeps the objectives on a day of another seed (of a
// trace, on the very trace: with hindsight). A request violates them when it has no answer, or its time to first token or per token is above. Those of the first twelve windows are
// played and not scored, since a forecast says nothing before; GPU hours are those of the whole run, replicas that start included.
import { parseArgs } from 'node:util';
import { readTraceFile } from '../dist/cli/trace-file.js';
import { distributionOf } from '../dist/contract/distribution.js';
import { seededRandom } from '../dist/contract/random.js';
import { fleetSchema } from '../dist/fleet/schema.js';
import { playFleet } from '../dist/fleet/twin/pool-twin.js';
import { meanInterval } from '../dist/fleet/what-if/student.js';
import { findGpu } from '../dist/pool/engine/hardware.js';
import { poolSchema } from '../dist/pool/schema.js';
import { workloadSchema } from '../dist/workload/schema.js';
import { arrivalsOf, countsOf, ratesOfDays } from './support/days-of-load.mjs';
import { help } from './support/help.mjs';

help(import.meta.url);

const text = otherwise => ({ type: 'string', default: otherwise });
const { values } = parseArgs({
  options: {
    ...{ trace: { type: 'string' }, lengths: { type: 'string' }, json: { type: 'boolean', default: false } },
    ...{ rate: text(''), noise: text('0.06'), surges: text('2'), before: text('4') },
    ...{ start: text('300'), window: text('300'), model: text('llama-3.1-8b'), gpu: text('a10g') },
    ...{ ttft: text('5000'), tpot: text('100'), seeds: text('3'), first: text('1'), most: text('40') },
  },
});
const [noise, surges, before, seeds, first, most, ttftMs, tpotMs] = [
  ...['noise', 'surges', 'before', 'seeds', 'first', 'most', 'ttft', 'tpot'],
].map(name => Number(values[name]));
const [startMs, windowMs] = [1000 * Number(values.start), 1000 * Number(values.window)];
const rate = Number(values.rate || (values.trace === undefined ? 3 : 1));
const WARM_UP = 12 * windowMs;
const CHOOSING_SEED = 1000;
/** A fixed fleet is large enough with fewer violations than that. */
const FEW = 0.01;

const lengths = values.lengths === undefined ? undefined : (await readTraceFile(values.lengths)).requests;
const traced = values.trace === undefined ? undefined : (await readTraceFile(values.trace)).requests;
const normal = random => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
const between = (low, high, value) => Math.round(Math.min(high, Math.max(low, value)));
const PREFIX = { hashes: [], blockTokens: 16 };

/** Chats and documents where no lengths are given. */
function drawn(random) {
  if (lengths !== undefined) return lengths[Math.floor(random.next() * lengths.length)];
  return {
    promptTokens: between(16, 8000, Math.exp(6.4 + normal(random))),
    outputTokens: between(8, 1500, Math.exp(5 + 0.7 * normal(random))),
  };
}

/** What a seed plays: requests, and the counts of the days before. */
function loadOf(seed) {
  const random = seededRandom(seed);
  if (traced !== undefined) {
    // It begins elsewhere, and goes on from its beginning at its end.
    const from = seed === first ? 0 : Math.floor(random.next() * traced.length);
    const span = traced.at(-1).arrivalMs + 1000;
    const turned = [
      ...traced.slice(from),
      ...traced.slice(0, from).map(one => ({ ...one, arrivalMs: one.arrivalMs + span })),
    ];
    return {
      requests: turned.map(one => ({
        ...one,
        prefix: PREFIX,
        arrivalMs: (one.arrivalMs - turned[0].arrivalMs) / rate,
      })),
    };
  }
  const rates = ratesOfDays({ days: before + 1, mean: rate, noise, surges, random });
  const past = countsOf(rates.slice(0, -1440), windowMs / 60_000, random);
  const requests = arrivalsOf(rates.slice(-1440), random).map(arrivalMs => {
    const { promptTokens, outputTokens } = drawn(random);
    return { arrivalMs, promptTokens, outputTokens, prefix: PREFIX };
  });
  return { requests, before: { from: -before * 86_400_000, stepMs: windowMs, counts: past } };
}

const usdPerHour = findGpu(values.gpu).usdPerHour;
const workload = workloadSchema.parse({ slo: { ttft_p99: `${ttftMs}ms`, tpot_p99: `${tpotMs}ms` } });

function play({ requests }, replicas, autoscale, loadBefore) {
  const pool = poolSchema.parse({
    models: { m: { context: 16_384 } },
    pools: {
      p: {
        ...{ model: 'm', concurrency: 256, ejection: false, health: false },
        queue: { length: 100_000, tokens: 1e9, timeout: '1h', shed: false },
        simulate: { model: values.model, gpu: values.gpu, replicas },
      },
    },
  });
  // Addresses are only names here.
  pool.pools.p.replicas = Array.from({ length: replicas }, (_, i) => ({
    url: 'http://127.0.0.1:9',
    id: `${i}`,
    weight: 1,
  }));
  const fleet = fleetSchema.parse({ pools: autoscale === undefined ? {} : { p: { autoscale } } });
  const result = playFleet(requests, {
    ...{ config: { pool, fleet, workload }, asks: () => 'm', random: seededRandom(1) },
    ...(loadBefore === undefined ? {} : { loadBefore: new Map([['p', loadBefore]]) }),
  });
  const scored = requests.filter(({ arrivalMs }) => arrivalMs - requests[0].arrivalMs >= WARM_UP).length;
  const answers = result.completed.filter(({ arrivalMs }) => arrivalMs >= WARM_UP);
  const soon = answers.filter(({ ttftMs: ttft }) => ttft <= ttftMs);
  const kept = soon.filter(({ tpotMs: tpot = 0 }) => tpot <= tpotMs).length;
  const share = count => (100 * (scored - count)) / scored;
  const { usd, mostReplicas } = result.pools.get('p');
  return {
    hours: usd / usdPerHour,
    ...{ violations: share(kept), late: share(soon.length) },
    p99: distributionOf(answers.map(({ ttftMs: ttft }) => ttft)).p99,
    most: mostReplicas,
  };
}

/** The smallest fixed fleet that keeps the objectives: violations fall with its size. */
function bestFixed(load) {
  let [low, high] = [1, most];
  while (low < high) {
    const middle = (low + high) >> 1;
    const { violations, p99 } = play(load, middle);
    process.stderr.write(`fixed ${middle}: ${violations.toFixed(2)} % violations, P99 TTFT ${Math.round(p99)} ms\n`);
    if (violations < 100 * FEW && p99 <= ttftMs) high = middle;
    else low = middle + 1;
  }
  return low;
}

const fixed = bestFixed(loadOf(traced === undefined ? CHOOSING_SEED : first));
const scale = (by, more) => ({
  ...{ by, min: 1, max: most, interval: '1m', start: `${startMs}ms`, cool_down: '10m' },
  ...more,
});
const foreseen = { window: `${windowMs}ms` };
/** At midnight one does; a trace begins in the middle. */
const beginsWith = traced === undefined ? 1 : fixed;
const today = ({ before: past }) =>
  past && { ...past, from: -86_400_000, counts: past.counts.slice(-86_400_000 / windowMs) };
const arms = {
  reactive: load => play(load, beginsWith, scale('reactive')),
  'last value': load => play(load, beginsWith, scale('last-value', foreseen), load.before),
  ...(traced === undefined && {
    'forecast, one day before': load => play(load, beginsWith, scale('forecast', foreseen), today(load)),
  }),
  [traced === undefined ? `forecast, ${before} days before` : 'forecast']: load =>
    play(load, beginsWith, scale('forecast', foreseen), load.before),
  [`fixed, ${fixed}`]: load => play(load, fixed),
};
const runs = new Map(Object.keys(arms).map(name => [name, []]));
for (let seed = first; seed < first + seeds; seed++) {
  const load = loadOf(seed);
  for (const [name, arm] of Object.entries(arms)) {
    const run = arm(load);
    process.stderr.write(`seed ${seed}, ${name}: ${JSON.stringify(run)}\n`);
    runs.get(name).push(run);
  }
}
const shown = (list, digits) => {
  const { mean, interval } = meanInterval(list, 0.95);
  return `${mean.toFixed(digits)} (${interval.map(end => end.toFixed(digits)).join(' to ')})`;
};
const rows = [...runs].map(([policy, list]) => ({
  policy,
  'GPU hours': shown(
    list.map(({ hours }) => hours),
    1,
  ),
  'violations %': shown(
    list.map(({ violations }) => violations),
    2,
  ),
  'of which TTFT %': shown(
    list.map(({ late }) => late),
    2,
  ),
  'P99 TTFT ms': shown(
    list.map(({ p99 }) => p99),
    0,
  ),
  'most replicas': Math.max(...list.map(run => run.most)),
}));
/** The forecast against each of the others, by seed: the same requests. */
const names = [...runs.keys()];
const ours = names.at(-2);
const paired = names
  .filter(name => name !== ours)
  .map(against => {
    const change = of => runs.get(ours).map((run, i) => of(run, runs.get(against)[i]));
    return {
      'forecast against': against,
      'GPU hours, % of its': shown(
        change((run, other) => (100 * run.hours) / other.hours),
        1,
      ),
      'violations, points more': shown(
        change((run, other) => run.violations - other.violations),
        2,
      ),
    };
  });
const setting = {
  ...{ trace: values.trace ?? 'generated', rate, ...(traced === undefined && { noise, surges, before }) },
  ...{ model: values.model, gpu: values.gpu, start_s: startMs / 1000, window_s: windowMs / 1000 },
  ...{ slo: { ttftMs, tpotMs }, seeds, first },
};
if (values.json) console.log(JSON.stringify({ setting, rows, paired, runs: Object.fromEntries(runs) }, null, 2));
else {
  console.log(JSON.stringify(setting));
  console.table(rows);
  console.table(paired);
}
