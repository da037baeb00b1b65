// Brings node_modules and dist up to date, doing nothing when they already are. Uses Node built-ins only, since it runs
// before anything is installed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[/\\]$/, '');

const at = (...parts) => join(root, ...parts);
const LOCK_STAMP = at('node_modules', '.weir-lock');
const BUILD_STAMP = at('dist', '.weir-build');
const STAGING = at('dist.next');
const LOCK_DIR = at('.weir', 'setup.lock');
const LOCK_TIMEOUT_MS = 5 * 60_000;
const STATIC_FILE = /\.(?:html|css|js|json|svg)$/;

const sha256 = (...chunks) => chunks.reduce((hash, chunk) => hash.update(chunk), createHash('sha256')).digest('hex');
const readOr = (file, fallback) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return fallback;
  }
};
const jsonOr = (file, fallback) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return fallback;
  }
};
const say = message => process.stderr.write(`weir: ${message}\n`);

class SetupFailure extends Error {}

/**
 * Brings the checkout up to date. On failure prints what the failing tool printed and exits 1.
 *
 * @param {{ need: 'run' | 'test', build?: boolean }} options `run` accepts an install without dev dependencies when
 * dist is fresh; `build: false` brings only the packages up to date.
 */
export async function setup({ need, build: wantsBuild = true }) {
  if (installed(need) && (!wantsBuild || built().fresh)) return;
  const child = { current: undefined, signal: undefined };
  // A signal during set-up stops the tool first, so that no orphan goes on writing after the lock is released.
  const onSignal = signal => {
    child.signal = signal;
    child.current?.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, onSignal);
  let failure;
  try {
    await withLock(child, async () => {
      if (!installed(need)) await install(child);
      if (wantsBuild && !built().fresh) await build(child);
    });
  } catch (error) {
    failure = error;
  }
  for (const signal of signals) process.off(signal, onSignal);
  if (child.signal !== undefined) {
    process.kill(process.pid, child.signal);
    await sleep(1000);
  }
  if (failure !== undefined) {
    if (failure instanceof SetupFailure) say(failure.message);
    else say(`set-up failed: ${failure?.stack ?? failure}`);
    process.exit(1);
  }
}

// ---- packages

function lockHash() {
  const node = process.versions.node.split('.')[0];
  return sha256(readOr(at('package-lock.json'), ''), '\0', readOr(at('.npmrc'), ''), '\0', node);
}

function installed(need) {
  const stamp = readOr(LOCK_STAMP, undefined);
  if (stamp !== undefined) return stamp === lockHash();
  // No stamp: someone ran npm themselves. Accept what npm says it installed, if that is what the lock file asks for.
  const have = jsonOr(at('node_modules', '.package-lock.json'), undefined)?.packages;
  const want = jsonOr(at('package-lock.json'), undefined)?.packages;
  if (have === undefined || want === undefined) return false;
  const covered = skip =>
    Object.entries(want).every(([path, entry]) => {
      if (path === '' || skip(entry)) return true;
      const found = have[path];
      return found === undefined ? optional(entry) : found.version === entry.version;
    });
  if (covered(() => false)) {
    writeFileSync(LOCK_STAMP, lockHash());
    return true;
  }
  return need === 'run' && covered(entry => entry.dev || entry.devOptional) && built().fresh;
}

const optional = entry => Boolean(entry.optional || entry.devOptional || entry.peer);

async function install(child) {
  const first = !existsSync(at('node_modules'));
  say(first ? 'installing packages (none yet)…' : 'installing packages (lock file changed)…');
  rmSync(LOCK_STAMP, { force: true });
  const hash = lockHash();
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund'];
  const npm = process.env.npm_execpath;
  if (npm?.endsWith('npm-cli.js') && existsSync(npm)) await run(child, process.execPath, [npm, ...args], 'npm ci');
  else await run(child, 'npm', args, 'npm ci');
  writeFileSync(LOCK_STAMP, hash);
}

// ---- build

/** Every file the build reads, sorted, as paths relative to the root. */
function inputs() {
  const files = ['package.json', 'package-lock.json', 'tsconfig.json', 'scripts/bundle.mjs'];
  const walk = directory => {
    for (const entry of readdirSync(at(directory), { withFileTypes: true })) {
      if (entry.name === 'node_modules' || entry.name === 'dist') continue;
      const path = `${directory}/${entry.name}`;
      if (entry.isDirectory()) walk(path);
      else files.push(path);
    }
  };
  for (const directory of ['src', 'dashboard']) if (existsSync(at(directory))) walk(directory);
  return files.sort();
}

function quickHash(files) {
  return sha256(
    files
      .map(path => {
        const stat = statSync(at(path), { throwIfNoEntry: false });
        return `${path}\0${stat?.size}\0${stat?.mtimeMs}`;
      })
      .join('\n'),
  );
}

function contentHash(files) {
  return sha256(...files.flatMap(path => [path, '\0', readOr(at(path), ''), '\0']));
}

/** Compares dist with the sources: sizes and times first, contents only when those differ. */
function built() {
  const files = inputs();
  const quick = quickHash(files);
  const stamp = jsonOr(BUILD_STAMP, undefined);
  if (stamp?.quick === quick) return { fresh: true };
  if (stamp === undefined || stamp.content !== contentHash(files)) return { fresh: false };
  try {
    writeFileSync(BUILD_STAMP, JSON.stringify({ quick, content: stamp.content }));
  } catch {
    // A read-only checkout only loses the shortcut.
  }
  return { fresh: true };
}

async function build(child) {
  say(existsSync(at('dist')) ? 'building (sources changed)…' : 'building (no build yet)…');
  const files = inputs();
  const stamp = { quick: quickHash(files), content: contentHash(files) };
  const tsc = at('node_modules', 'typescript', 'bin', 'tsc');
  // Built aside and swapped in whole: a failed build leaves the old dist, and no reader sees half of a new one.
  rmSync(STAGING, { recursive: true, force: true });
  try {
    // Types are for the type check to judge, which is eight times the work.
    await run(child, process.execPath, [tsc, '-p', 'tsconfig.json', '--noCheck', '--outDir', 'dist.next'], 'tsc');
    copyStatic(at('src'), STAGING);
    await run(child, process.execPath, [at('scripts', 'bundle.mjs'), STAGING], 'bundle');
    await buildDashboard(child);
    writeFileSync(join(STAGING, '.weir-build'), JSON.stringify(stamp));
    rmSync(at('dist'), { recursive: true, force: true });
    renameSync(STAGING, at('dist'));
  } finally {
    rmSync(STAGING, { recursive: true, force: true });
  }
}

/** The dashboard, by Vite: into the folder that the gateway serves. */
async function buildDashboard(child) {
  if (!existsSync(at('dashboard'))) return;
  const vite = at('node_modules', 'vite', 'bin', 'vite.js');
  const config = at('dashboard', 'vite.config.mjs');
  const out = join(STAGING, 'dashboard');
  await run(
    child,
    process.execPath,
    [vite, 'build', '--config', config, '--outDir', out, '--emptyOutDir'],
    'vite build',
  );
}

function copyStatic(from, to) {
  for (const entry of readdirSync(from, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !STATIC_FILE.test(entry.name) || entry.name === 'tsconfig.json') continue;
    const source = join(entry.parentPath ?? entry.path, entry.name);
    const path = relative(from, source);
    if (path.split(sep).some(part => part === 'node_modules' || part === 'dist')) continue;
    mkdirSync(dirname(join(to, path)), { recursive: true });
    copyFileSync(source, join(to, path));
  }
}

// ---- running tools

function run(child, command, args, name) {
  if (child.signal !== undefined) throw new SetupFailure(`stopped by ${child.signal}`);
  return new Promise((resolve, reject) => {
    const output = [];
    const started = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    child.current = started;
    started.stdout.on('data', chunk => output.push(chunk));
    started.stderr.on('data', chunk => output.push(chunk));
    started.on('error', error => reject(new SetupFailure(`${name} could not be started: ${error.message}`)));
    started.on('close', (code, signal) => {
      child.current = undefined;
      if (code === 0) return resolve();
      if (child.signal === undefined) process.stderr.write(Buffer.concat(output));
      reject(new SetupFailure(`${name} failed (${signal ?? `exit code ${code}`})`));
    });
  });
}

// ---- one set-up at a time

async function withLock(child, work) {
  mkdirSync(dirname(LOCK_DIR), { recursive: true });
  const deadline = Date.now() + LOCK_TIMEOUT_MS;
  let told = false;
  while (!tryLock()) {
    if (child.signal !== undefined) throw new SetupFailure(`stopped by ${child.signal}`);
    if (Date.now() > deadline) {
      throw new SetupFailure(`another set-up has held ${relative(root, LOCK_DIR)} for too long; remove it and retry`);
    }
    if (!told) say('waiting for another set-up to finish…');
    told = true;
    await sleep(100);
  }
  try {
    await work();
  } finally {
    rmSync(LOCK_DIR, { recursive: true, force: true });
  }
}

function tryLock() {
  if (makeDir(LOCK_DIR)) {
    writeFileSync(join(LOCK_DIR, 'owner'), JSON.stringify({ pid: process.pid, host: hostname() }));
    return true;
  }
  if (abandoned()) {
    // Only one waiter may clear an abandoned lock, else the second would clear the first one's new lock.
    const claim = `${LOCK_DIR}.clear`;
    if (makeDir(claim)) {
      try {
        if (abandoned()) rmSync(LOCK_DIR, { recursive: true, force: true });
      } finally {
        rmSync(claim, { recursive: true, force: true });
      }
    } else if (ageMs(claim) > 30_000) rmSync(claim, { recursive: true, force: true });
  }
  return false;
}

function abandoned() {
  const owner = jsonOr(join(LOCK_DIR, 'owner'), undefined);
  if (owner === undefined) return ageMs(LOCK_DIR) > 10_000;
  if (owner.host !== hostname()) return false;
  try {
    process.kill(owner.pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

function makeDir(path) {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function ageMs(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? 0 : Date.now() - stat.mtimeMs;
}
