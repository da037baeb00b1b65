// What a gateway can do whose policy asks learned signals.
// node bench/learned-gateway.mjs [--json] [--seconds 12] [--connections 16] [--shares 0,10,25,50,100] [--cache FOLDER] [--starts]
//   weir serve in front of two simulated engines that answer at once; of the requests a share (in percent) asks the domain signal, by the head that comes with
//   Weir but for one thing: its fast tier never decides, so the transformer reads every text. All processes and the load share this machine. Then all requests with
//   two threads (router.learned.threads: 2; one is usual on two processors), and with the head as it comes; eight times as many connections, every
//   request escalated, for each of when_busy fast, unknown and wait; then how long a start takes. --starts measures that alone.
// Per row: requests a second, latency, how late the event loop is, peak memory, CPU a request, texts a batch. Control: the same without learned signals.
// Bars at 100 %: 300 req/s, event loop p99 10 ms, 350 MB; starts in 5 s and 1 s. Linux only (/proc).
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { headFile } from '../dist/models/heads/head-cards.js';
import { readHead } from '../dist/models/heads/head-file.js';
import { sections } from '../scripts/models/texts.mjs';
import { cpuMicroseconds, memory } from './process-figures.mjs';
import { help } from './support/help.mjs';
import { hardware, quantile } from './support/learned.mjs';
import { NODE_FLAGS } from './systems.mjs';

help(import.meta.url);
const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean' },
    seconds: { type: 'string', default: '12' },
    connections: { type: 'string', default: '16' },
    shares: { type: 'string', default: '0,10,25,50,100' },
    cache: { type: 'string', default: '.weir/models' },
    starts: { type: 'boolean' },
  },
});
const seconds = Number(options.seconds);
const connections = Number(options.connections);
/** Code is compiled meanwhile; and how late the event loop was is told of windows of 10 s, the last of which must lie in this load. */
const WARM_UP_S = 10;
const WEIR = join(import.meta.dirname, '../bin/weir.js');
const folder = mkdtempSync(join(tmpdir(), 'weir-learned-gateway-'));
const children = [];
const questions = sections(join(import.meta.dirname, 'learned/everyday-test.txt')).map(({ text }) => text);
let asked = 0;

async function freePort() {
  const server = createServer();
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise(resolve => server.close(resolve));
  return port;
}

async function started(args, path) {
  const port = await freePort();
  const command = [...NODE_FLAGS, WEIR, ...args, '--port', `${port}`];
  const child = spawn(process.execPath, command, { stdio: 'ignore', cwd: folder });
  children.push(child);
  const begun = performance.now();
  for (;;) {
    if (child.exitCode !== null) throw new Error(`weir ${args[0]} ended with ${child.exitCode}`);
    const ready = await fetch(`http://127.0.0.1:${port}${path}`).then(
      async answer => {
        await answer.arrayBuffer();
        return answer.ok;
      },
      () => false,
    );
    if (ready) return { port, child };
    if (performance.now() - begun > 60_000) throw new Error(`weir ${args[0]} was not ready in 60 s`);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

async function until(happened) {
  const begun = performance.now();
  while (!(await happened())) {
    if (performance.now() - begun > 60_000) throw new Error('what was waited for did not happen in 60 s');
    await new Promise(next => setTimeout(next, 20));
  }
}

async function stopped(child) {
  const ended = new Promise(resolve => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

/** The domain head with a fast tier that is never sure enough. */
function askingHead() {
  const head = readHead(headFile('domain'));
  const file = join(folder, 'asking.json');
  writeFileSync(file, JSON.stringify({ ...head, fast: { ...head.fast, decisive: 2 } }));
  return file;
}

function configuration(engines, { learned, busy = 'wait', cache = options.cache, threads, asking = true }) {
  return JSON.stringify({
    router: {
      names: ['auto'],
      learned: {
        cache: resolve(cache),
        when_busy: busy,
        ...(threads && { threads }),
        ...(asking && { heads: { domain: askingHead() } }),
      },
      signals: {
        asks: { keyword: { any: ['classify'] } },
        ...(learned && { law: { domain: 'law' } }),
      },
      decisions: [
        ...(learned ? [{ name: 'law', when: 'asks and law', on_unknown: 'skip', models: ['m'] }] : []),
        { name: 'default', when: 'otherwise', models: ['m'] },
      ],
    },
    pool: {
      models: { m: {} },
      pools: { p: { model: 'm', replicas: engines.map(({ port }) => `http://127.0.0.1:${port}`) } },
    },
  });
}

async function gateway(engines, how) {
  const file = join(folder, `weir-${children.length}.yaml`);
  writeFileSync(file, configuration(engines, how));
  return started(['serve', '--config', file], '/readyz');
}

/** One request whose text no other has. @returns its milliseconds. */
function once(agent, port, escalated) {
  const question = questions[asked % questions.length];
  const content = `${escalated ? 'classify' : 'answer'} ${asked++}: ${question}`;
  const body = JSON.stringify({ model: 'auto', max_tokens: 4, messages: [{ role: 'user', content }] });
  const begun = performance.now();
  return new Promise((resolve, fail) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = request({ agent, port, method: 'POST', path: '/v1/chat/completions', headers }, answer => {
      answer.resume();
      answer.once('end', () => {
        if (answer.statusCode === 200) resolve(performance.now() - begun);
        else fail(new Error(`a request was answered ${answer.statusCode}`));
      });
    });
    sent.once('error', fail);
    sent.end(body);
  });
}

/** As many requests at a time as there are connections, for a while; a share of them escalates. */
async function load(port, share, width, duration) {
  const agent = new Agent({ keepAlive: true, maxSockets: width });
  const times = [];
  const end = performance.now() + 1000 * duration;
  let sent = 0;
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (performance.now() < end) {
        const at = sent++;
        // Evenly spread rather than drawn: the same mix in every run.
        const escalated = Math.floor(((at + 1) * share) / 100) > Math.floor((at * share) / 100);
        times.push(await once(agent, port, escalated));
      }
    }),
  );
  agent.destroy();
  return times;
}

const metricsOf = async port => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();

async function scraped(port) {
  const text = await metricsOf(port);
  const values = { tiers: {} };
  for (const line of text.split('\n')) {
    const tier = /^weir_signal_tiers_total\{.*tier="(\w+)".*\} (\S+)/.exec(line);
    if (tier !== null) values.tiers[tier[1]] = (values.tiers[tier[1]] ?? 0) + Number(tier[2]);
    const lag = /^(?:weir_)?nodejs_eventloop_lag_p99_seconds (\S+)/.exec(line);
    if (lag !== null) values.lag = 1000 * Number(lag[1]);
    const sum = /^weir_model_(texts|batches|busy_seconds)_total(?:\{.*\})? (\S+)/.exec(line);
    if (sum !== null) values[sum[1]] = (values[sum[1]] ?? 0) + Number(sum[2]);
  }
  return values;
}

async function measured({ port, child }, name, share, width) {
  await load(port, share, width, WARM_UP_S);
  const before = await scraped(port);
  const cpu = cpuMicroseconds(child.pid);
  const begun = performance.now();
  const times = await load(port, share, width, seconds);
  const took = (performance.now() - begun) / 1000;
  const spent = cpuMicroseconds(child.pid) - cpu;
  const after = await scraped(port);
  const texts = (after.texts ?? 0) - (before.texts ?? 0);
  const round = value => Number(value.toPrecision(3));
  const tiers = Object.fromEntries(
    Object.entries(after.tiers).map(([tier, count]) => [tier, count - (before.tiers[tier] ?? 0)]),
  );
  return {
    name,
    escalated_percent: share,
    connections: width,
    requests_per_s: round(times.length / took),
    p50_ms: round(quantile(times, 0.5)),
    p99_ms: round(quantile(times, 0.99)),
    loop_p99_ms: after.lag === undefined ? null : round(after.lag),
    rss_mb: round(memory(child.pid).peak),
    cpu_ms_per_request: round(spent / 1000 / times.length),
    texts_per_batch: texts === 0 ? null : round(texts / (after.batches - before.batches)),
    model_ms_per_text: texts === 0 ? null : round((1000 * (after.busy_seconds - before.busy_seconds)) / texts),
    tiers,
  };
}

async function loads(engines) {
  const plain = await gateway(engines, { learned: false });
  say(await measured(plain, 'control: no learned signal', 0, connections));
  await stopped(plain.child);
  const learned = await gateway(engines, { learned: true });
  for (const share of options.shares.split(',').map(Number))
    say(await measured(learned, `${share} % escalated`, share, connections));
  await stopped(learned.child);
  const double = await gateway(engines, { learned: true, threads: 2 });
  say(await measured(double, '100 % escalated, two threads', 100, connections));
  await stopped(double.child);
  const shipped = await gateway(engines, { learned: true, asking: false });
  say(await measured(shipped, '100 % ask, head as it comes', 100, connections));
  await stopped(shipped.child);
  for (const busy of ['fast', 'unknown', 'wait']) {
    const full = await gateway(engines, { learned: true, busy });
    say(await measured(full, `saturated, when_busy ${busy}`, 100, 8 * connections));
    await stopped(full.child);
  }
}

/** Milliseconds from the start of the process, with the head as it comes, until it is ready, and until the model is; nothing is sent meanwhile. */
async function startMs(engines, cache) {
  const begun = performance.now();
  const { port, child } = await gateway(engines, { learned: true, cache, asking: false });
  const ready = Math.round(performance.now() - begun);
  await until(async () => /^weir_model_ready(?:\{.*\})? 1/m.test(await metricsOf(port)));
  const model = Math.round(performance.now() - begun);
  await stopped(child);
  return { ready, model };
}

/** Starts after the first: the median of seven, and the fastest. */
async function later(engines, cache) {
  const starts = [];
  for (let at = 0; at < 7; at++) starts.push(await startMs(engines, cache));
  starts.sort((a, b) => a.model - b.model);
  return { 'later, median of 7': starts[3], 'later, fastest': starts[0] };
}

const rows = [];
const say = row => {
  rows.push(row);
  if (!options.json) process.stdout.write(`${lineOf(row)}\n`);
};
const lineOf = row =>
  `${row.name.padEnd(34)} ${`${row.requests_per_s}`.padStart(6)} req/s  p50 ${row.p50_ms} p99 ${row.p99_ms} ms  loop p99 ${row.loop_p99_ms} ms  ${row.rss_mb} MB  CPU ${row.cpu_ms_per_request} ms/req  batch ${row.texts_per_batch ?? '–'}  model ${row.model_ms_per_text ?? '–'} ms/text  ${JSON.stringify(row.tiers)}`;
const machine = hardware();
try {
  if (!options.json) process.stdout.write(`${machine}\n`);
  const engines = [];
  for (let at = 0; at < 2; at++) engines.push(await started(['engine', '--instant', '--served-as', 'm'], '/health'));
  if (!options.starts) await loads(engines);
  const starts = {
    'first, with conversion': await startMs(engines, join(folder, 'fresh')),
    ...(await later(engines, join(folder, 'fresh'))),
  };
  if (!options.json)
    for (const [name, ms] of Object.entries(starts))
      process.stdout.write(`start, ${name}: ready ${ms.ready} ms, model ${ms.model} ms\n`);
  const [control] = rows;
  const all = rows.find(row => row.escalated_percent === 100 && row.connections === connections);
  // A pass on every core at once is the most that this machine could do, were nothing else running on it.
  const ceiling = all === undefined ? null : Math.floor((1000 / all.model_ms_per_text) * cpus().length);
  for (const row of rows) row.added_p50_ms = Number((row.p50_ms - control.p50_ms).toPrecision(3));
  const bars = {
    ...(all && {
      'at least 300 req/s': all.requests_per_s >= 300,
      'loop p99 at most 10 ms': all.loop_p99_ms <= 10,
      'at most 350 MB': all.rss_mb <= 350,
    }),
    'first start in 5 s': starts['first, with conversion'].model <= 5000,
    'later starts in 1 s': starts['later, median of 7'].model <= 1000,
  };
  if (options.json)
    process.stdout.write(`${JSON.stringify({ machine, rows, starts, bars, ceiling_per_s: ceiling }, undefined, 2)}\n`);
  else
    process.stdout.write(
      `bars${all ? ', every request escalated' : ''}: ${Object.entries(bars)
        .map(([bar, met]) => `${bar} ${met ? 'met' : 'MISSED'}`)
        .join(', ')}${all ? `; passes alone on all cores: ${ceiling}/s` : ''}\n`,
    );
} finally {
  for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
