// Many requests through each system, to see that memory stays flat.
import { judged, median, rounded, SOAK_GROWTH_MB } from './figures.mjs';
import { memory } from './process-figures.mjs';
import { BenchFailure } from './rounds.mjs';

const PARTS = 10;
const CONNECTIONS = 32;
const KILOBYTES = 0.5;
/** As long as the windows that Weir tells the lateness of its event loop over. */
const SCRAPE_EVERY_MS = 10_000;

/**
 * @param {{ load: object, systems: object[], requests: number, say(text: string): void }} options
 * @returns per system the resident memory (MB) after each tenth of the requests, and the growth of its second half: the median
 *   of the last three readings less that of the fourth to sixth, since a heap breathes; and of what has Weir's metrics, scraped every 10 s,
 *   how late the event loop ran: the p99 of the median and of the worst 10 s, in ms.
 */
export async function soak({ load, systems, requests, say }) {
  const resident = Object.fromEntries(systems.map(({ name }) => [name, []]));
  const seconds = Object.fromEntries(systems.map(({ name }) => [name, 0]));
  const lags = Object.fromEntries(systems.map(({ name }) => [name, []]));
  let loaded;
  const scrapes = setInterval(() => {
    if (loaded !== undefined) void scrape(loaded.port, lags[loaded.name]);
  }, SCRAPE_EVERY_MS).unref();
  for (let part = 1; part <= PARTS; part++) {
    for (const child of systems) {
      loaded = child;
      const begun = performance.now();
      const result = await load.ask('run', {
        target: child.target,
        kilobytes: KILOBYTES,
        connections: CONNECTIONS,
        requests: Math.ceil(requests / PARTS),
      });
      loaded = undefined;
      seconds[child.name] += (performance.now() - begun) / 1000;
      if (result.errors > 0) {
        throw new BenchFailure(
          `${child.name}: ${result.errors} wrong answers in the soak; the first: ${result.problem}`,
        );
      }
      const { now } = memory(child.pid);
      resident[child.name].push(rounded(now));
      const late = lags[child.name].at(-1);
      const lag = late === undefined ? '' : `, event loop p99 ${late.toFixed(1)} ms late`;
      const done = part * Math.ceil(requests / PARTS);
      say(
        `soak: ${child.name} after ${done} requests (${Math.round(done / seconds[child.name])}/s): ${now.toFixed(1)} MB${lag}`,
      );
    }
  }
  clearInterval(scrapes);
  return Object.fromEntries(
    Object.entries(resident).map(([name, readings]) => {
      const growth = median(readings.slice(-3)) - median(readings.slice(3, 6));
      const bar = name === 'weir' || name === 'governed' ? judged(growth, { at_most: SOAK_GROWTH_MB }) : {};
      const lag =
        lags[name].length === 0
          ? {}
          : {
              event_loop_p99_ms: { median: rounded(median(lags[name])), worst: rounded(Math.max(...lags[name])) },
            };
      const rps = Math.round(requests / seconds[name]);
      return [name, { requests, rps, rss_mb: readings, growth_mb: rounded(growth), ...lag, ...bar }];
    }),
  );
}

/** Adds how late the event loop ran at the 99th percentile of the last window, in ms, where that is told. */
async function scrape(port, lags) {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined);
  const text = answer?.ok ? await answer.text() : '';
  const told = /^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(text)?.[1];
  if (told !== undefined) lags.push(Number(told) * 1000);
}
