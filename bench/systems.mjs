// Starts what is measured and what measures, each a child process of its own on ports of the loopback that nothing else uses.
import { fork, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';

const here = name => fileURLToPath(new URL(name, import.meta.url));
const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 10_000;
/** Of the mock's ports: the four replicas that are placed over, and one for the second model. */
export const REPLICAS = 4;
const PORTKEY_ENTRY = here('peers/node_modules/@portkey-ai/gateway/build/start-server.js');
const WEIR_ENTRY = here('../dist/cli/commands/serve.js');

const environment = { ...process.env, NODE_ENV: 'production' };

/** A child process by its role, with what its last output said, for the message when it fails. */
class Child {
  port = 0;
  headers = {};
  #output = '';
  #exited;

  constructor(name, process) {
    this.name = name;
    this.process = process;
    for (const stream of [process.stdout, process.stderr]) {
      stream?.on('data', piece => {
        this.#output = (this.#output + piece).slice(-4000);
      });
    }
    this.#exited = new Promise(resolve => {
      process.once('exit', (code, signal) => resolve({ code, signal }));
      process.once('error', error => resolve({ code: error.message, signal: null }));
    });
  }

  /** What its output said last. */
  get said() {
    return this.#output;
  }

  get pid() {
    return this.process.pid;
  }

  get target() {
    return { name: this.name, port: this.port, headers: this.headers };
  }

  /** The first message it sends, or a failure that says how it ended. */
  message() {
    return this.#orEnd(new Promise(resolve => this.process.once('message', resolve)));
  }

  /** Waits until `path` answers 200. */
  async ready(path) {
    await this.#orEnd(
      (async () => {
        for (;;) {
          const answered = await fetch(`http://127.0.0.1:${this.port}${path}`).then(
            async response => {
              await response.arrayBuffer();
              return response.ok;
            },
            () => false,
          );
          if (answered) return;
          await sleep(50);
        }
      })(),
    );
  }

  async #orEnd(happening) {
    const timer = new AbortController();
    const late = sleep(START_TIMEOUT_MS, undefined, { signal: timer.signal }).then(
      () => ({ late: true }),
      () => ({}),
    );
    const ended = await Promise.race([happening.then(value => ({ value })), this.#exited.then(end => ({ end })), late]);
    timer.abort();
    if ('value' in ended) return ended.value;
    this.process.kill('SIGKILL');
    const how =
      ended.end === undefined ? 'did not start in time' : `ended at once (${ended.end.code ?? ended.end.signal})`;
    throw new Error(`${this.name} ${how}\n${this.#output.trim()}`);
  }

  /** SIGTERM, and SIGKILL when that is not obeyed. Resolves once the process is gone. */
  async stop() {
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.#exited;
    clearTimeout(timer);
  }
}

function forked(name, file, args = [], execArgv = []) {
  const stdio = ['ignore', 'pipe', 'pipe', 'ipc'];
  return new Child(name, fork(here(file), args, { execArgv, env: environment, stdio }));
}

function spawned(name, args, options = {}) {
  return new Child(
    name,
    spawn(process.execPath, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'], ...options }),
  );
}

/** A port that was free a moment ago, for programs that cannot be told to take any. */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** @returns the mock; `ports` are those of its replicas. */
export async function startMock() {
  const child = forked('direct', 'mock.mjs', [String(REPLICAS + 1)]);
  const { ports, events } = await child.message();
  child.port = ports[0];
  return Object.assign(child, { ports, events });
}

/** @returns the load generator; `ask(job, options)` runs one of its jobs. */
export async function startLoad() {
  const child = forked('load', 'load.mjs');
  await child.message();
  let last = 0;
  const waiting = new Map();
  child.process.on('message', ({ id, result, error }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) resolve(result);
    else reject(new Error(error));
  });
  child.process.once('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('the load generator ended'));
  });
  const ask = (job, options) =>
    new Promise((resolve, reject) => {
      waiting.set(++last, { resolve, reject });
      child.process.send({ id: last, job, ...options });
    });
  return Object.assign(child, { ask });
}

const profiling = directory => (directory === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${directory}`]);

const proxy =
  (name, file) =>
  async ({ ports, profile }) => {
    const child = forked(name, file, [ports.slice(0, REPLICAS).join(',')], profiling(profile));
    child.port = (await child.message()).port;
    return child;
  };

/** The proxy that does least, and the one that people write: the bars are held against the first. */
export const startBare = proxy('bare', 'bare.mjs');
export const startUsual = proxy('usual', 'usual.mjs');

/** What `npm start` gives Node. The bare proxy is no better with it, so it has none. */
export const NODE_FLAGS = JSON.parse(readFileSync(here('../package.json'), 'utf8')).scripts.start.match(/--\S+/g);

async function startWeir({ ports, profile, name = 'weir', gateway = {}, flags = [] }) {
  const folder = mkdtempSync(join(tmpdir(), 'weir-bench-'));
  const config = parse(readFileSync(here('weir.yaml'), 'utf8'));
  const urls = ports.map(port => `http://127.0.0.1:${port}`);
  config.pool.pools.small.replicas = urls.slice(0, REPLICAS);
  config.pool.pools.large.replicas = urls.slice(REPLICAS);
  config.gateway.record.path = join(folder, 'record.db');
  Object.assign(config.gateway, gateway);
  const file = join(folder, 'weir.yaml');
  writeFileSync(file, stringify(config));
  const port = await freePort();
  const args = [
    ...profiling(profile),
    ...NODE_FLAGS,
    ...flags,
    here('../bin/weir.js'),
    'serve',
    '-c',
    file,
    '--port',
    String(port),
  ];
  const child = spawned(name, args, { cwd: folder });
  child.port = port;
  child.process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await child.ready('/readyz');
  return child;
}

/** Weir as a company runs it: every caller has a key in a team, both with budgets and limits. */
async function startGoverned(options) {
  const child = await startWeir({
    ...options,
    name: 'governed',
    gateway: { auth: { required: true, open_metrics: true } },
  });
  const admin = /shown this once: (\S+)/.exec(child.said)?.[1];
  const made = async (path, form) => {
    const response = await fetch(`http://127.0.0.1:${child.port}/api/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
      body: JSON.stringify(form),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`governed: ${path}: ${JSON.stringify(answer)}`);
    return answer;
  };
  // Bounds that are counted against on every request and never reached.
  const bounds = {
    limits: { requestsPerMinute: 1e8, tokensPerMinute: 1e9, concurrency: 10_000 },
    budgets: [
      { amount: 1e5, unit: 'usd', window: 'month' },
      { amount: 1e12, unit: 'tokens', window: 'day' },
    ],
  };
  try {
    await made('teams', { id: 'bench', name: 'bench', ...bounds });
    const form = { name: 'bench', team: 'bench', models: ['auto', 'small', 'large'], ...bounds };
    const { secret } = await made('keys', form);
    child.headers = { authorization: `Bearer ${secret}` };
  } catch (error) {
    await child.stop();
    throw error;
  }
  return child;
}

/** Portkey does not listen to SIGTERM, and a process that is killed writes no profile. */
const EXITS_ON_SIGTERM = `data:text/javascript,process.once('SIGTERM',()=>process.exit(0))`;

async function startPortkey({ ports, profile }) {
  const port = await freePort();
  const exits = profile === undefined ? [] : ['--import', EXITS_ON_SIGTERM];
  const child = spawned('portkey', [...profiling(profile), ...exits, PORTKEY_ENTRY, '--headless', `--port=${port}`]);
  child.port = port;
  child.headers = { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': `http://127.0.0.1:${ports[0]}/v1` };
  await child.ready('/');
  return child;
}

/**
 * The systems by name, in the order of the table; `absent` says why one cannot be run.
 *
 * @type {Record<string, { start(options: { ports: number[], profile?: string }): Promise<Child>, absent(): string | undefined }>}
 */
export const SYSTEMS = {
  bare: { start: startBare, absent: () => undefined },
  usual: { start: startUsual, absent: () => undefined },
  weir: {
    start: startWeir,
    absent: () => (existsSync(WEIR_ENTRY) ? undefined : 'dist has no `serve` command yet'),
  },
  governed: { start: startGoverned, absent: () => undefined },
  portkey: {
    start: startPortkey,
    absent: () => (existsSync(PORTKEY_ENTRY) ? undefined : 'not installed (`npm run bench:peers` installs it)'),
  },
};

/** Makes the folder for CPU profiles, empty. */
export function emptyFolder(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}
