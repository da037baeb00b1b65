// Many requests through each system, to see that memory stays flat.
import { judged, median, rounded, SOAK_GROWTH_MB } from './figures.mjs';
import { memory } from './process-figures.mjs';
import { BenchFailure } from './rounds.mjs';

const PARTS = 10;
const CONNECTIONS = 32;
const KILOBYTES = 0.5;

/**
 * @param {{ load: object, systems: object[], requests: number, say(text: string): void }} options
 * @returns per system the resident memory (MB) after each tenth of the requests, and the growth of its second half: the median
 *   of the last three readings less that of the fourth to sixth, since a heap breathes.
 */
export async function soak({ load, systems, requests, say }) {
  const resident = Object.fromEntries(systems.map(({ name }) => [name, []]));
  for (let part = 1; part <= PARTS; part++) {
    for (const child of systems) {
      const result = await load.ask('run', {
        target: child.target,
        kilobytes: KILOBYTES,
        connections: CONNECTIONS,
        requests: Math.ceil(requests / PARTS),
      });
      if (result.errors > 0) {
        throw new BenchFailure(
          `${child.name}: ${result.errors} wrong answers in the soak; the first: ${result.problem}`,
        );
      }
      const { now } = memory(child.pid);
      resident[child.name].push(rounded(now));
      say(`soak: ${child.name} after ${part * Math.ceil(requests / PARTS)} requests: ${now.toFixed(1)} MB`);
    }
  }
  return Object.fromEntries(
    Object.entries(resident).map(([name, readings]) => {
      const growth = median(readings.slice(-3)) - median(readings.slice(3, 6));
      const bar = name === 'weir' ? judged(growth, { at_most: SOAK_GROWTH_MB }) : {};
      return [name, { requests, rss_mb: readings, growth_mb: rounded(growth), ...bar }];
    }),
  );
}
