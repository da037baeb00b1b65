/**
 * What each flag that `npm start` gives Node is worth: Weir beside Weir without it, and with two that are not given, in turn, with bodies of two sizes and no
 * pause but the others' turns. CPU time of all threads and resident memory; medians of the rounds, the first not counted, in which the code is compiled. What the flags do after a pause:
 * `node bench/pauses.mjs`.
 *
 *   node bench/node-flags.mjs [--json] [--seconds 4] [--rounds 6]
 */
import { parseArgs } from 'node:util';
import { median, rounded } from './figures.mjs';
import { cpuMicroseconds, memory } from './process-figures.mjs';
import { help } from './support/help.mjs';
import { SYSTEMS, startLoad, startMock } from './systems.mjs';

help(import.meta.url);

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '6' },
  },
});
const SIZES = [0.5, 32];
const CONNECTIONS = 32;
/** What is added to the flags of `npm start`: first what takes one of them back, then such as were tried and are not given. */
const BESIDE = {
  'as started': [],
  '--max-semi-space-size=0': ['--max-semi-space-size=0'],
  '--memory-reducer': ['--memory-reducer'],
  '--heap-growing-percent=30': ['--heap-growing-percent=30'],
  '--v8-pool-size=2': ['--v8-pool-size=2'],
};

const mock = await startMock();
const load = await startLoad();
for (const kilobytes of SIZES) await load.ask('prepare', { kilobytes });
const systems = {};
for (const [name, flags] of Object.entries(BESIDE)) {
  systems[name] = await SYSTEMS.weir.start({ ports: mock.ports, flags });
}
const names = Object.keys(systems);
const samples = Object.fromEntries(names.map(name => [name, []]));
for (let round = 0; round <= Number(values.rounds); round++) {
  for (let i = 0; i < names.length; i++) {
    const name = names[(i + round) % names.length];
    process.stderr.write(`round ${round} of ${values.rounds}: ${name}\n`);
    const { target, pid } = systems[name];
    const sample = {};
    for (const kilobytes of SIZES) {
      const before = cpuMicroseconds(pid);
      const bounds = { connections: CONNECTIONS, seconds: Number(values.seconds) };
      const result = await load.ask('run', { target, kilobytes, ...bounds });
      if (result.errors > 0) throw new Error(`${name}: ${result.errors} wrong answers; the first: ${result.problem}`);
      sample[`cpu_us_${kilobytes}_kb`] = (cpuMicroseconds(pid) - before) / result.requests;
      sample[`rss_mb_${kilobytes}_kb`] = memory(pid).now;
    }
    sample.rss_peak_mb = memory(pid).peak;
    if (round > 0) samples[name].push(sample);
  }
}
for (const child of [...Object.values(systems), mock, load]) await child.stop();

const figures = Object.keys(samples[names[0]][0]);
const rows = Object.fromEntries(
  names.map(name => [
    name,
    Object.fromEntries(
      figures.map(figure => {
        const all = samples[name].map(sample => sample[figure]);
        return [figure, { median: rounded(median(all)), range: [Math.min(...all), Math.max(...all)].map(rounded) }];
      }),
    ),
  ]),
);
if (values.json) console.log(JSON.stringify({ node: process.version, rounds: Number(values.rounds), rows }));
else {
  for (const [name, row] of Object.entries(rows)) {
    const told = figures.map(figure => `${figure} ${row[figure].median} (${row[figure].range.join('–')})`);
    console.log(`${name.padEnd(26)} ${told.join('  ')}`);
  }
}
process.exit(0);
