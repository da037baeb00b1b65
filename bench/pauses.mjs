/**
 * What the first requests after a pause cost: a load, a pause without any request, and again. In turn with Weir, as controls: the bare proxy, and
 * Weir without one each of the flags that `npm start` gives: with the memory reducer (`reducing`), and with V8's own young generation (`young`). CPU time of
 * all threads, memory after the load, and how many of Weir's functions V8 compiled anew in the meantime (`--trace-opt`).
 *
 *   node bench/pauses.mjs [--json] [--pause 18] [--seconds 0.5] [--rounds 8]
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { median, rounded } from './figures.mjs';
import { cpuMicroseconds, memory } from './process-figures.mjs';
import { help } from './support/help.mjs';
import { SYSTEMS, startLoad, startMock } from './systems.mjs';

help(import.meta.url);

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    pause: { type: 'string', default: '18' },
    seconds: { type: 'string', default: '0.5' },
    rounds: { type: 'string', default: '8' },
  },
});
const KILOBYTES = 0.5;
const CONNECTIONS = 32;
const WARM_UP_REQUESTS = 20_000;
const WARM_SECONDS = 2;

const mock = await startMock();
const load = await startLoad();
await load.ask('prepare', { kilobytes: KILOBYTES });
const { ports } = mock;
const systems = {
  bare: await SYSTEMS.bare.start({ ports }),
  weir: await SYSTEMS.weir.start({ ports, flags: ['--trace-opt'] }),
  reducing: await SYSTEMS.weir.start({ ports, flags: ['--trace-opt', '--memory-reducer'] }),
  young: await SYSTEMS.weir.start({ ports, flags: ['--trace-opt', '--max-semi-space-size=0'] }),
};
const compiled = {};
for (const [name, { process: child }] of Object.entries(systems)) {
  compiled[name] = 0;
  child.stdout.on('data', text => {
    compiled[name] += String(text).split('completed optimizing').length - 1;
  });
}
const names = Object.keys(systems);
const drive = async (name, bounds) => {
  const { target, pid } = systems[name];
  const before = cpuMicroseconds(pid);
  const result = await load.ask('run', { target, kilobytes: KILOBYTES, connections: CONNECTIONS, ...bounds });
  if (result.errors > 0) throw new Error(`${name}: ${result.errors} wrong answers; the first: ${result.problem}`);
  return { cpu: (cpuMicroseconds(pid) - before) / result.requests, rate: result.requests / result.seconds };
};

for (const name of names) await drive(name, { requests: WARM_UP_REQUESTS, seconds: 60 });
const samples = Object.fromEntries(names.map(name => [name, []]));
for (let round = 0; round < Number(values.rounds); round++) {
  for (let i = 0; i < names.length; i++) {
    const name = names[(i + round) % names.length];
    process.stderr.write(`round ${round + 1} of ${values.rounds}: ${name}\n`);
    // Its pause is as long as the others' turns and the sleeps between all.
    await sleep((Number(values.pause) * 1000) / names.length);
    const rss = memory(systems[name].pid).now;
    const before = compiled[name];
    const after = await drive(name, { seconds: Number(values.seconds) });
    const warm = await drive(name, { seconds: WARM_SECONDS });
    const loaded = memory(systems[name].pid).now;
    samples[name].push({
      warm: warm.cpu,
      after: after.cpu,
      rate: after.rate,
      rss,
      loaded,
      ...(name === 'bare' ? {} : { compiled: compiled[name] - before }),
    });
  }
}
for (const child of [...Object.values(systems), mock, load]) await child.stop();

const rows = Object.fromEntries(
  names.map(name => {
    const of = field => samples[name].map(sample => sample[field]);
    const told = field => ({
      median: rounded(median(of(field))),
      range: [rounded(Math.min(...of(field))), rounded(Math.max(...of(field)))],
    });
    return [
      name,
      {
        cpu_us_after_the_pause: told('after'),
        cpu_us_later: told('warm'),
        requests_per_s_after_the_pause: told('rate'),
        rss_mb_in_the_pause: told('rss'),
        rss_mb_after_the_load: told('loaded'),
        ...(name === 'bare' ? {} : { functions_compiled_again: told('compiled') }),
      },
    ];
  }),
);
if (values.json) console.log(JSON.stringify({ pause_s: Number(values.pause), rounds: Number(values.rounds), rows }));
else {
  for (const [name, figures] of Object.entries(rows)) {
    console.log(name);
    for (const [figure, { median: middle, range }] of Object.entries(figures)) {
      console.log(`  ${figure.replaceAll('_', ' ').padEnd(26)} ${middle} (${range.join('–')})`);
    }
  }
}
process.exit(0);
