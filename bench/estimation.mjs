// What a router knows of engines that it shares with a router it cannot see, telemetry off: `node bench/estimation.mjs --trace FILE [--undescribed] [--json]`,
// after a build; `--undescribed` keeps the hardware from the router. Virtual time: two production pools in front of four modelled engines (8B on one H100 each); the one that is judged
// sends 70 % of the trace, the other 30 %.
//
// Waiting: requests that wait inside the engines, sampled four times a second, against the engines' own count, at shares of measured saturation. `ceiling`
// is what no rule can exceed that goes by its own waiting requests at the moment, however much it knows of how many wait in general.
// Slow replica: requests until a replica twice as slow is found, and alarms without one, over residuals of known scatter and in the fleet.

import { readTraceFile } from '../dist/cli/trace-file.js';
import { isWeirError } from '../dist/contract/errors.js';
import { seededRandom } from '../dist/contract/random.js';
import { VirtualClock } from '../dist/fleet/twin/virtual-clock.js';
import { createEngine } from '../dist/pool/engine/batching-engine.js';
import { engineProfile } from '../dist/pool/engine/profile.js';
import { SlowdownTest } from '../dist/pool/estimation/slowdown-test.js';
import { createPlacer } from '../dist/pool/placement/create-placer.js';
import { createPool } from '../dist/pool/pool.js';
import { poolSchema } from '../dist/pool/schema.js';
import { help } from './support/help.mjs';

help(import.meta.url);

const REPLICAS = 4;
const OTHERS = 0.3;
const SEQUENCES = 256;
const PROFILE = { model: 'llama-3.1-8b', gpu: 'h100', maxBatchedTokens: 2048, maxSequences: SEQUENCES };
const SHARES = [0.5, 0.8, 0.95, 1.1];
const SAMPLE_MS = 250;

const argument = name => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
};
const file = argument('trace');
const undescribed = process.argv.includes('--undescribed');
const count = Number(argument('requests') ?? 20_000);
// Constants were chosen on seeds 1, 5 and 6 of the Azure trace, and 1 and 5 of it with prompts ten and answers two times as long.
const seed = Number(argument('seed') ?? 11);

/** Plays the trace; `slow` makes the first engine so many times as slow from half of the time on. */
function play(requests, rate, { seed = 1, slow = 1, telemetryMs, sample } = {}) {
  const clock = new VirtualClock();
  const random = seededRandom(seed);
  const longest = requests.reduce(
    (most, { promptTokens, outputTokens }) => Math.max(most, promptTokens + outputTokens),
    0,
  );
  const profile = engineProfile({ ...PROFILE, contextTokens: longest + 1 });
  const slots = Array.from({ length: REPLICAS }, () => ({
    engine: createEngine(profile, { events: 'milestones', maxWaiting: 1e9 }),
    active: false,
    slow: 1,
  }));
  const routers = ['judged', 'unseen'].map(name => {
    const config = poolSchema.parse({
      models: { [PROFILE.model]: { context: longest * 2 } },
      pools: {
        p: {
          model: PROFILE.model,
          ...(undescribed ? {} : { gpu: PROFILE.gpu }),
          concurrency: SEQUENCES,
          ejection: false,
          queue: { length: 100_000, tokens: 1e9, timeout: '1h' },
          replicas: slots.map((_, i) => ({ url: `http://10.0.0.1:${8000 + i}`, id: `${i}` })),
        },
      },
    });
    const placer = (kind, draws) => createPlacer(kind, { random: draws });
    return createPool(config, { clock, random: random.fork(name), placer });
  });
  const [judged] = routers;
  const running = new Map();
  const draws = random.fork('who');
  const span = requests.at(-1).arrivalMs - requests[0].arrivalMs;
  const scale = rate === undefined ? 1 : (rate * span) / 1000 / requests.length;
  const endsAt = span / scale;
  let [answered, answerTokens, ended, alarms, foundAfter] = [0, 0, 0, 0, undefined];
  let begunOnSlow = 0;
  let settledAt;

  const run = slot => {
    const iteration = slot.engine.advance(clock.now(), clock.now());
    slot.active = iteration !== undefined;
    if (iteration === undefined) return;
    const took = (iteration.endsAt - iteration.startedAt) * slot.slow;
    clock.at(iteration.startedAt + took, () => {
      for (const { kind, id, cachedTokens } of [...iteration.events]) {
        const one = running.get(id);
        if (one === undefined || kind === 'preempted') continue;
        if (kind === 'finished') {
          running.delete(id);
          ended++;
          if (one.ours) {
            answered++;
            answerTokens += one.outputTokens;
          }
          const usage = { promptTokens: one.promptTokens, completionTokens: one.outputTokens, cachedTokens };
          one.lease.release({ status: 'answered', replicaFault: false, usage });
        } else if (!one.begun) {
          one.begun = true;
          const before = judged.read('p.slow');
          one.lease.firstByte();
          if (one.ours && slot.slow > 1 && foundAfter === undefined) begunOnSlow++;
          const after = judged.read('p.slow');
          if (after > before) {
            if (slot.slow > 1 && one.ours) foundAfter ??= begunOnSlow;
            else alarms++;
          }
        }
      }
      run(slot);
    });
  };

  requests.forEach((request, id) => {
    const ours = draws.next() >= OTHERS;
    clock.at((request.arrivalMs - requests[0].arrivalMs) / scale, () => {
      const { promptTokens, prefix } = request;
      const outputTokens = Math.max(1, request.outputTokens);
      const asked = {
        ...{ model: PROFILE.model, promptTokens, prefix, session: '', constraints: {}, exclude: [] },
        outputTokens: answered > 0 ? Math.round(answerTokens / answered) : 256,
      };
      routers[ours ? 0 : 1].acquire(asked, lease => {
        if (isWeirError(lease)) throw lease;
        lease.sent();
        running.set(id, { lease, ours, promptTokens, outputTokens, begun: false });
        const slot = slots[Number(lease.target.id.split('/')[1])];
        slot.engine.submit({ id, promptTokens, outputTokens, prefix }, clock.now());
        if (!slot.active) run(slot);
      });
    });
  });
  // Rate at which answers end once the fleet is full, until the last arrival.
  clock.at(0.4 * endsAt, () => {
    settledAt = ended;
  });
  let throughput;
  clock.at(endsAt, () => {
    throughput = ((ended - settledAt) / (0.6 * endsAt)) * 1000;
  });
  if (slow > 1) {
    clock.at(endsAt / 2, () => {
      slots[0].slow = slow;
    });
  }
  const observe = () => {
    if (clock.now() > endsAt) return;
    clock.after(SAMPLE_MS, observe);
    if (clock.now() < 0.2 * endsAt) return;
    judged.replicas().forEach(({ engineWaiting, trafficShare }, i) => {
      let [own, other] = [0, 0];
      for (const { lease, begun, ours } of running.values()) {
        if (lease.target.id === `p/${i}` && !begun) ours ? own++ : other++;
      }
      sample?.({ truth: slots[i].engine.stats().waiting, estimate: engineWaiting, own, other, trafficShare });
    });
  };
  clock.after(SAMPLE_MS, observe);
  if (telemetryMs !== undefined) {
    const tell = () => {
      if (clock.now() > endsAt) return;
      clock.after(telemetryMs, tell);
      for (const [i, { engine }] of slots.entries()) judged.observed(`p/${i}`, { waiting: engine.stats().waiting });
    };
    clock.after(telemetryMs, tell);
  }
  clock.run();
  return { endsAt, alarms, foundAfter, throughput };
}

const within = (value, truth) => Math.abs(value - truth) <= Math.max(2, 0.2 * truth);
const share = (list, of) => (list.length === 0 ? undefined : list.filter(of).length / list.length);
const percent = value => (value === undefined ? '–' : `${(100 * value).toFixed(1)} %`);

/**
 * The share of samples that any rule could bring within the bar which knows how many of its own wait, that each request is its own with
 * probability p, and how often each number waits: Σ over own n of the most that one guess covers of P(N) · Binomial(n; N, p).
 */
function ceiling(truths, p) {
  const most = Math.max(...truths);
  const prior = new Array(most + 1).fill(0);
  for (const truth of truths) prior[truth] += 1 / truths.length;
  const logFactorial = [0];
  for (let i = 1; i <= most; i++) logFactorial.push(logFactorial[i - 1] + Math.log(i));
  const binomial = (n, N) =>
    Math.exp(logFactorial[N] - logFactorial[n] - logFactorial[N - n] + n * Math.log(p) + (N - n) * Math.log(1 - p));
  let sum = 0;
  for (let n = 0; n <= most; n++) {
    const joint = prior.map((mass, N) => (N < n || mass === 0 ? 0 : mass * binomial(n, N)));
    const upTo = [0];
    for (const mass of joint) upTo.push(upTo.at(-1) + mass);
    let best = 0;
    for (let guess = n; guess <= Math.min(most, 2 * n + 20); guess++) {
      const least = Math.max(0, Math.min(guess - 2, Math.ceil(guess / 1.2)));
      const greatest = Math.min(most, Math.max(guess + 2, Math.floor(guess / 0.8)));
      best = Math.max(best, upTo[greatest + 1] - upTo[least]);
    }
    sum += best;
  }
  return sum;
}

/** Waiting requests, at one share of saturation. */
function waitingAt(requests, saturation, level, telemetryMs) {
  const samples = [];
  play(requests, saturation * level, { sample: one => samples.push(one), telemetryMs, seed });
  const lines = samples.filter(({ truth }) => truth > 2);
  const shares = samples.flatMap(({ trafficShare }) => trafficShare ?? []).sort((a, b) => a - b);
  const row = of => ({
    estimate: share(of, ({ estimate, truth }) => within(estimate, truth)),
    own: share(of, ({ own, truth }) => within(own, truth)),
    none: share(of, ({ truth }) => within(0, truth)),
  });
  return {
    load: level,
    telemetry_s: telemetryMs === undefined ? null : telemetryMs / 1000,
    samples: samples.length,
    waiting_mean: samples.reduce((sum, { truth }) => sum + truth, 0) / samples.length,
    ceiling: ceiling(
      samples.map(({ truth }) => truth),
      1 - OTHERS,
    ),
    within: row(samples),
    lines: { samples: lines.length, ...row(lines) },
    traffic_share_median: shares[shares.length >> 1] ?? null,
  };
}

/** Residuals of known scatter: false alarms per 100,000 requests, and requests until a slowdown by `factor` is found. */
function syntheticDelay(deviation, factor, shape, draws) {
  const draw = () => deviation * (shape === 'normal' ? gauss(draws) : laplace(draws));
  let alarms = 0;
  const quiet = 2_000_000;
  const test = new SlowdownTest();
  for (let i = 0; i < quiet; i++) {
    if (!test.observe(draw()) || !test.slow) continue;
    alarms++;
    test.reset();
  }
  const delays = [];
  for (let run = 0; run < 2000; run++) {
    const one = new SlowdownTest();
    for (let i = 0; i < 200; i++) one.observe(draw());
    if (one.slow) continue;
    let n = 0;
    do n++;
    while (!(one.observe(Math.log(factor) + draw()) && one.slow) && n < 5000);
    delays.push(n);
  }
  delays.sort((a, b) => a - b);
  const at = q => delays[Math.floor(q * delays.length)];
  return {
    shape,
    deviation,
    factor,
    false_per_100k: (alarms / quiet) * 1e5,
    p50: at(0.5),
    p90: at(0.9),
    p95: at(0.95),
  };
}

function gauss(draws) {
  return Math.sqrt(-2 * Math.log(1 - draws.next())) * Math.cos(2 * Math.PI * draws.next());
}

/** Standard deviation 1. */
function laplace(draws) {
  const value = draws.next() - 0.5;
  return (-Math.sign(value) * Math.log(1 - 2 * Math.abs(value))) / Math.SQRT2;
}

const report = { residuals: [], waiting: [], fleet: [] };
const draws = seededRandom(1).fork('residuals');
for (const shape of ['normal', 'laplace']) {
  for (const deviation of [0.2, 0.35, 0.5, 0.7, 1]) report.residuals.push(syntheticDelay(deviation, 2, shape, draws));
}
for (const factor of [1.5, 3, 4]) report.residuals.push(syntheticDelay(0.5, factor, 'normal', draws));

if (file !== undefined) {
  const trace = await readTraceFile(file);
  const requests = trace.requests.slice(0, count);
  const first = play(requests, Number(argument('overload') ?? 100));
  const saturation = Number(argument('saturation') ?? first.throughput);
  report.saturation_per_s = saturation;
  for (const level of SHARES) report.waiting.push(waitingAt(requests, saturation, level));
  report.waiting.push(waitingAt(requests, saturation, 1.1, 5000));
  for (const level of [0.5, 0.8]) {
    for (const run of [seed, seed + 1, seed + 2]) {
      const { alarms } = play(requests, saturation * level, { seed: run });
      const { foundAfter } = play(requests, saturation * level, { seed: run, slow: 2 });
      report.fleet.push({ load: level, seed: run, alarms_without: alarms, found_after: foundAfter ?? null });
    }
  }
}

if (process.argv.includes('--json')) console.log(JSON.stringify(report, undefined, 2));
else {
  console.log('Residuals: requests until twice as slow is found');
  console.table(report.residuals);
  if (file === undefined) console.log('--trace FILE adds the fleet');
  else {
    console.log(
      `Waiting inside the engines, saturation ${report.saturation_per_s.toFixed(1)}/s: samples within max(2, 20 %)`,
    );
    console.table(
      report.waiting.map(
        ({ load, telemetry_s, waiting_mean, within: all, lines, traffic_share_median, ceiling: best }) => ({
          ...{ load, telemetry_s, waiting: waiting_mean.toFixed(1) },
          ...{
            estimate: percent(all.estimate),
            ceiling: percent(best),
            own: percent(all.own),
            none: percent(all.none),
          },
          ...{ lines: lines.samples, 'estimate, line': percent(lines.estimate), 'own, line': percent(lines.own) },
          share: traffic_share_median?.toFixed(2),
        }),
      ),
    );
    console.log('One engine of four at half speed from half of the trace on');
    console.table(report.fleet);
  }
}
