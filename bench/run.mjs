// `npm run bench -- [options]`: what Weir costs beside a bare proxy and another gateway, in one run on this machine.
// What each figure means and how noise is met: README.md here.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { judged, missed, PREFIX_LOOKUPS_PER_S, ratios, row } from './figures.mjs';
import { measurable } from './process-figures.mjs';
import { profileSystems } from './profile.mjs';
import { BenchFailure, measure } from './rounds.mjs';
import { soak } from './soak.mjs';
import { help } from './support/help.mjs';
import { SYSTEMS, startLoad, startMock } from './systems.mjs';
import { tableOf } from './table.mjs';

help(import.meta.url);

const HELP = `npm run bench -- [options]

  --json            one JSON document on standard output; progress goes to standard error
  --quick           0.5 and 32 kB, rounds of 1 s
  --only a,b        of ${Object.keys(SYSTEMS).join(', ')}
  --sizes a,b       body sizes in kB (0.5,32,256)
  --seconds N       length of each measurement (3)
  --rounds N        rounds, in each of which every system has its turn (3)
  --soak N          N requests of 0.5 kB through each system, memory read at each tenth; alone unless --sizes is given
  --profile DIR     CPU profiles instead: 25 functions by self time, plain and streaming
  --no-bars         exit 0 although a bar is missed

Exit: 0 all bars met, 1 a bar missed or a wrong answer, 2 wrong usage. Linux only (/proc).
`;

class WrongUsage extends Error {}

function options(args) {
  let values;
  try {
    const flag = { type: 'boolean', default: false };
    const text = { type: 'string' };
    ({ values } = parseArgs({
      args,
      options: {
        json: flag,
        quick: flag,
        'no-bars': flag,
        help: flag,
        only: text,
        sizes: text,
        seconds: text,
        rounds: text,
        soak: text,
        profile: text,
      },
    }));
  } catch (error) {
    throw new WrongUsage(error.message);
  }
  const positive = (name, value) => {
    const number = Number(value);
    if (Number.isFinite(number) && number > 0) return number;
    throw new WrongUsage(`--${name} takes a number above 0, not ${value}`);
  };
  const names = (values.only ?? Object.keys(SYSTEMS).join(',')).split(',');
  for (const name of names)
    if (!(name in SYSTEMS)) throw new WrongUsage(`--only knows ${Object.keys(SYSTEMS)}, not ${name}`);
  const sizes = (values.sizes ?? (values.quick ? '0.5,32' : '0.5,32,256'))
    .split(',')
    .map(size => positive('sizes', size));
  return {
    ...values,
    names,
    sizes: values.soak !== undefined && values.sizes === undefined ? [] : sizes,
    seconds: positive('seconds', values.seconds ?? (values.quick ? 1 : 3)),
    rounds: Math.ceil(positive('rounds', values.rounds ?? 3)),
    requests: values.soak === undefined ? 0 : positive('soak', values.soak),
  };
}

const say = text => process.stderr.write(`${text}\n`);
const load1 = () => Number(loadavg()[0].toFixed(2));

/** What the prefix index does by itself, told by the script beside this one. */
async function prefixIndex() {
  const script = fileURLToPath(new URL('prefix-index.mjs', import.meta.url));
  if (!existsSync(script)) return undefined;
  say('prefix index');
  const { stdout } = await promisify(execFile)(process.execPath, [script, '--json']);
  const figures = JSON.parse(stdout);
  // The slowest of the fleet sizes that it tries has to meet the bar.
  const lookups_per_s = Math.min(...figures.rows.map(row => row.lookups_per_s));
  return { lookups_per_s, ...figures, ...judged(lookups_per_s, { at_least: PREFIX_LOOKUPS_PER_S }) };
}

async function bench(chosen, children) {
  const { names, sizes, rounds, seconds, requests } = chosen;
  const notes = [];
  const present = names.filter(name => {
    const absent = SYSTEMS[name].absent();
    if (absent !== undefined) notes.push(`${name} is left out: ${absent}`);
    return absent === undefined;
  });
  for (const note of notes) say(note);
  const hardware = {
    cpu: cpus()[0].model.trim(),
    cores: cpus().length,
    memory_gb: Math.round(totalmem() / 1e9),
    kernel: release(),
    load_before: load1(),
  };
  const mock = await startMock();
  children.push(mock);
  const load = await startLoad();
  children.push(load);
  if (chosen.profile !== undefined) {
    await profileSystems({ load, mock, names: present, sizes, seconds, folder: chosen.profile, say });
    return undefined;
  }
  const started = async () => {
    const systems = [];
    for (const name of present) {
      const child = await SYSTEMS[name].start({ ports: mock.ports });
      children.push(child);
      systems.push(child);
    }
    return systems;
  };
  const stopped = async systems => {
    await Promise.all(systems.map(child => child.stop()));
    for (const child of systems) children.splice(children.indexOf(child), 1);
  };

  const report = { rows: {}, ratios: {}, sizes: {}, notes, hardware, node: process.version, rounds, seconds };
  for (const kilobytes of sizes) {
    // Fresh processes for each size: the memory of one must not hold that of another.
    const systems = await started();
    const { direct, ...samples } = await measure({ load, mock, systems, kilobytes, rounds, seconds, say });
    await stopped(systems);
    const rows = Object.fromEntries(Object.entries(samples).map(([name, taken]) => [name, row(taken)]));
    report.sizes[kilobytes] = { rows, ratios: ratios(samples, kilobytes), ceiling: row(direct) };
  }
  const main = report.sizes['0.5'] ?? Object.values(report.sizes)[0];
  if (main !== undefined) Object.assign(report, { rows: main.rows, ratios: main.ratios });
  if (requests > 0) {
    const systems = await started();
    report.soak = await soak({ load, systems, requests, say });
    await stopped(systems);
  } else {
    const index = await prefixIndex();
    if (index !== undefined) report.prefix_index = index;
  }
  hardware.load_after = load1();
  return report;
}

async function main() {
  const chosen = options(process.argv.slice(2));
  if (chosen.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (!measurable) throw new WrongUsage('the bench reads CPU time and memory from /proc, which only Linux has');
  const children = [];
  const killed = () => {
    for (const child of children) child.process.kill('SIGKILL');
  };
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ]) {
    process.once(signal, () => {
      killed();
      process.exit(code);
    });
  }
  try {
    const report = await bench(chosen, children);
    if (report === undefined) return 0;
    const misses = missed(report);
    report.ok = misses.length === 0;
    process.stdout.write(chosen.json ? `${JSON.stringify(report)}\n` : tableOf(report));
    if (misses.length === 0) return 0;
    say(`bars missed: ${misses.join(', ')}`);
    return chosen['no-bars'] ? 0 : 1;
  } finally {
    killed();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof WrongUsage) say(`${error.message}\n\n${HELP}`);
  else say(error instanceof BenchFailure ? `FAILED: ${error.message}` : error.stack);
  process.exitCode = error instanceof WrongUsage ? 2 : 1;
}
