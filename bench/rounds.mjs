// The measurement of one body size: all systems in turn, several rounds, so that what else the machine does meets all alike.
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMicroseconds, memory } from './process-figures.mjs';

const CONNECTIONS = 32;
/**
 * Before anything is measured, so that the code is compiled: what is compiled for one kind of load alone is compiled again when the
 * other kind comes, so both come twice. Requests, for no longer than this many times `seconds`.
 */
const FIRST_WARM_UP = { passes: 2, plain: 15_000, stream: 4000, times: 3 };
const WARM_UP_SECONDS = 0.3;

/** A failure of what is measured: errors in answers are never averaged away. */
export class BenchFailure extends Error {}

function checked(name, what, result) {
  if (result.errors === 0) return result;
  throw new BenchFailure(`${name}: ${result.errors} wrong answers, ${what}; the first: ${result.problem}`);
}

/**
 * @param {{ load: object, mock: object, systems: object[], kilobytes: number, rounds: number, seconds: number,
 *   say(text: string): void }} options
 * @returns per system, and for `direct` (the load generator straight at the mock), one sample a round
 */
export async function measure({ load, mock, systems, kilobytes, rounds, seconds, say }) {
  await load.ask('prepare', { kilobytes });
  const everyone = [mock, ...systems];
  const samples = Object.fromEntries(everyone.map(({ name }) => [name, []]));
  const drive = async (child, stream, bounds) =>
    checked(
      child.name,
      `${kilobytes} kB ${stream ? 'streaming' : 'plain'}`,
      await load.ask('run', {
        target: child.target,
        kilobytes,
        stream,
        events: mock.events,
        connections: CONNECTIONS,
        ...bounds,
      }),
    );

  for (const child of everyone) {
    say(`${kilobytes} kB: warming up ${child.name}`);
    const bound = FIRST_WARM_UP.times * seconds;
    for (let pass = 0; pass < FIRST_WARM_UP.passes; pass++) {
      await drive(child, false, { requests: FIRST_WARM_UP.plain, seconds: bound });
      await drive(child, true, { requests: FIRST_WARM_UP.stream, seconds: bound });
    }
  }

  for (let round = 0; round < rounds; round++) {
    // Another one goes first each time: what follows upon what must not matter.
    const order = everyone.map((_, i) => everyone[(i + round) % everyone.length]);
    const taken = new Map(order.map(child => [child, {}]));
    for (const stream of [false, true]) {
      for (const child of order) {
        say(`${kilobytes} kB: round ${round + 1} of ${rounds}, ${stream ? 'streams' : 'plain'}, ${child.name}`);
        await drive(child, stream, { seconds: Math.min(WARM_UP_SECONDS, seconds) });
        const before = [child, mock, load].map(({ pid }) => cpuMicroseconds(pid));
        const result = await drive(child, stream, { seconds });
        const [own, mocks, loads] = [child, mock, load].map(({ pid }, i) => cpuMicroseconds(pid) - before[i]);
        const sample = taken.get(child);
        if (stream) {
          sample.streams_per_s = result.requests / result.seconds;
          sample.events_per_s = result.events / result.seconds;
          sample.cpu_us_per_stream = own / result.requests;
        } else {
          sample.rps32 = result.requests / result.seconds;
          sample.cpu_us_per_request = own / result.requests;
          sample.rss_mb = memory(child.pid).now;
        }
        if (child === mock) sample[stream ? 'load_us_per_stream' : 'load_us_per_request'] = loads / result.requests;
        else sample[stream ? 'mock_us_per_stream' : 'mock_us_per_request'] = mocks / result.requests;
      }
    }
    say(`${kilobytes} kB: round ${round + 1} of ${rounds}, latency`);
    await sleep(50);
    const targets = order.map(child => child.target);
    const { latencies } = checked(
      'latency',
      `${kilobytes} kB`,
      await load.ask('latency', { targets, kilobytes, seconds }),
    );
    for (const [child, sample] of taken) {
      const { p50, p99 } = latencies[child.name];
      if (child === mock) Object.assign(sample, { p50_ms: p50, p99_ms: p99 });
      else {
        sample.p50_added_ms = p50 - latencies[mock.name].p50;
        sample.p99_added_ms = p99 - latencies[mock.name].p99;
      }
      sample.rss_peak_mb = memory(child.pid).peak;
      samples[child.name].push(sample);
    }
  }
  return samples;
}
