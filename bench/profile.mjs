// Where the CPU time goes: each system alone under load with V8's sampling profiler, then the functions by self time.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BenchFailure } from './rounds.mjs';
import { emptyFolder, SYSTEMS } from './systems.mjs';

const FUNCTIONS = 25;
const CONNECTIONS = 32;
const root = fileURLToPath(new URL('..', import.meta.url));

/** Self time by function in one profile, of the samples taken in [from, to] (µs of the monotonic clock). */
function selfTimes(file, from, to) {
  const profile = JSON.parse(readFileSync(file, 'utf8'));
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const times = new Map();
  let at = profile.startTime;
  let total = 0;
  profile.samples.forEach((id, i) => {
    at += profile.timeDeltas[i];
    if (at < from || at > to) return;
    const lasted = profile.timeDeltas[i + 1] ?? 0;
    const name = names.get(id);
    times.set(name, (times.get(name) ?? 0) + lasted);
    total += lasted;
  });
  return { times, total };
}

function nameOf({ functionName, url, lineNumber }) {
  const place = url.startsWith('file:') ? relative(root, fileURLToPath(url)) : url;
  return place === '' ? functionName : `${functionName || '(anonymous)'} ${place}:${lineNumber + 1}`;
}

/** The thread's lines: share of its busy time, µs a request, function. */
function lines({ times, total }, requests) {
  const idle = (times.get('(idle)') ?? 0) + (times.get('(program)') ?? 0);
  const busy = total - (times.get('(idle)') ?? 0);
  const ranked = [...times].filter(([name]) => name !== '(idle)').sort((a, b) => b[1] - a[1]);
  const head = `   ${(busy / requests).toFixed(1)} µs a request busy, ${((100 * idle) / total).toFixed(0)} % idle or outside JavaScript`;
  const body = ranked
    .slice(0, FUNCTIONS)
    .map(
      ([name, time]) =>
        `${((100 * time) / busy).toFixed(1).padStart(6)} % ${(time / requests).toFixed(2).padStart(8)} µs  ${name}`,
    );
  return [head, ...body];
}

/**
 * Runs each system at each size, plain and streaming, writes the profiles under `folder` and tells the summary.
 *
 * @param {{ load: object, mock: object, names: string[], sizes: number[], seconds: number, folder: string,
 *   say(text: string): void }} options
 */
export async function profileSystems({ load, mock, names, sizes, seconds, folder, say }) {
  for (const name of names) {
    for (const kilobytes of sizes) {
      for (const stream of [false, true]) {
        const place = emptyFolder(join(folder, `${name}-${kilobytes}kB-${stream ? 'stream' : 'plain'}`));
        const child = await SYSTEMS[name].start({ ports: mock.ports, profile: place });
        const job = { target: child.target, kilobytes, stream, events: mock.events, connections: CONNECTIONS, seconds };
        await load.ask('run', { ...job, seconds: Math.min(2, seconds) });
        const from = Number(process.hrtime.bigint() / 1000n);
        const result = await load.ask('run', job);
        const to = Number(process.hrtime.bigint() / 1000n);
        await child.stop();
        if (result.errors > 0) throw new BenchFailure(`${name}: ${result.errors} wrong answers; ${result.problem}`);
        say(
          `\n== ${name}, ${kilobytes} kB, ${stream ? 'streams' : 'plain'}: ${result.requests} requests in ${result.seconds.toFixed(1)} s`,
        );
        for (const file of readdirSync(place).sort()) {
          const self = selfTimes(join(place, file), from, to);
          if (self.total > 0) say([`-- ${file}`, ...lines(self, result.requests)].join('\n'));
        }
      }
    }
  }
}
