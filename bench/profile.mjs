// Where the CPU time goes: each system alone under load with V8's sampling profiler, then the functions by their own time, and
// the project's functions by the time of all that they call.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cpuMicroseconds, mainThreadMicroseconds } from './process-figures.mjs';
import { BenchFailure } from './rounds.mjs';
import { emptyFolder, SYSTEMS } from './systems.mjs';

const FUNCTIONS = 25;
const NAME_LENGTH = 110;
const CONNECTIONS = 32;
const root = fileURLToPath(new URL('..', import.meta.url));
const IDLE = '(idle)';

/** Time by function in one thread's profile, of the samples taken in [from, to] (µs of the monotonic clock). */
function times(file, from, to) {
  const profile = JSON.parse(readFileSync(file, 'utf8'));
  const selfById = new Map();
  let at = profile.startTime;
  profile.samples.forEach((id, i) => {
    at += profile.timeDeltas[i];
    if (at >= from && at <= to) selfById.set(id, (selfById.get(id) ?? 0) + (profile.timeDeltas[i + 1] ?? 0));
  });
  const nodes = new Map(profile.nodes.map(node => [node.id, node]));
  const self = new Map();
  const total = new Map();
  const add = (sums, name, time) => sums.set(name, (sums.get(name) ?? 0) + time);
  // A function that calls itself counts once in its total.
  const visit = (node, callers) => {
    const name = nameOf(node.callFrame);
    const own = selfById.get(node.id) ?? 0;
    add(self, name, own);
    const inner = callers.has(name) ? callers : new Set(callers).add(name);
    const all = (node.children ?? []).reduce((sum, id) => sum + visit(nodes.get(id), inner), own);
    if (inner !== callers) add(total, name, all);
    return all;
  };
  const all = visit(profile.nodes[0], new Set());
  return { file, self, total, all, busy: all - (self.get(IDLE) ?? 0) };
}

function nameOf({ functionName, url, lineNumber }) {
  const place = url.startsWith('file:') ? relative(root, fileURLToPath(url)) : url;
  const name = place === '' ? functionName : `${functionName || '(anonymous)'} ${place}:${lineNumber + 1}`;
  return name.slice(0, NAME_LENGTH);
}

const ours = name => name.includes(' dist/') || name.includes(' bench/');

/**
 * The lines of one thread. The profiler counts time on the clock, in which a process may have waited for a processor; `scale`
 * brings it to CPU time.
 */
function lines({ self, total, all, busy }, requests, scale) {
  const top = sums =>
    [...sums]
      .filter(([name, time]) => name !== IDLE && time > 0)
      .sort((a, b) => b[1] - a[1])
      .slice(0, FUNCTIONS)
      .map(([name, time]) => {
        const share = `${((100 * time) / busy).toFixed(1)} %`.padStart(8);
        return `${share} ${((scale * time) / requests).toFixed(2).padStart(9)} µs  ${name}`;
      });
  const idle = (100 * (all - busy)) / all;
  return [
    `   ${((scale * busy) / requests).toFixed(1)} CPU µs a request, idle ${idle.toFixed(0)} %`,
    '   own time',
    ...top(self),
    '   with what they call (the project alone)',
    ...top(new Map([...total].filter(([name]) => ours(name)))),
  ];
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
        const place = emptyFolder(resolve(folder, `${name}-${kilobytes}kB-${stream ? 'stream' : 'plain'}`));
        const child = await SYSTEMS[name].start({ ports: mock.ports, profile: place });
        const job = { target: child.target, kilobytes, stream, events: mock.events, connections: CONNECTIONS, seconds };
        await load.ask('run', job);
        const from = Number(process.hrtime.bigint() / 1000n);
        const clocks = () => [cpuMicroseconds(child.pid), mainThreadMicroseconds(child.pid) ?? Number.NaN];
        const before = clocks();
        const result = await load.ask('run', job);
        const [used, onMain] = clocks().map((clock, i) => clock - before[i]);
        const to = Number(process.hrtime.bigint() / 1000n);
        await child.stop();
        if (result.errors > 0) throw new BenchFailure(`${name}: ${result.errors} wrong answers; ${result.problem}`);
        const kind = stream ? 'streams' : 'plain';
        const rate = (result.requests / result.seconds).toFixed(0);
        const each = time => (time / result.requests).toFixed(0);
        say(
          `\n== ${name}, ${kilobytes} kB, ${kind}: ${rate} a second, ${each(used)} CPU µs each, of which main thread ${each(onMain)} (profiler's own included)`,
        );
        const threads = readdirSync(place)
          .sort()
          .map(file => times(join(place, file), from, to))
          .filter(({ busy }) => busy > 0);
        // The main thread's profile is the first. One of a worker is there only if the worker ended by itself.
        const scale = onMain / (threads[0]?.busy ?? Number.NaN);
        for (const thread of threads) {
          say([`-- ${relative(place, thread.file)}`, ...lines(thread, result.requests, scale)].join('\n'));
        }
      }
    }
  }
}
