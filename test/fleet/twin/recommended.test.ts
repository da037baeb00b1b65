import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withoutEngines } from '#cli/local-engines.js';
import { parseConfig } from '#config/load.js';
import { seededRandom } from '#contract/random.js';
import { FleetTwin, type FleetTwinOptions } from '#fleet/twin/fleet-twin.js';
import { playFleet } from '#fleet/twin/pool-twin.js';
import type { TraceRequest } from '#workload/traces/trace.js';

const MINUTE = 60_000;
const [MIN, MAX] = [1, 6];

function parsed(fleet: string, pool = 'queue: { length: 1000, timeout: 10m }') {
  return parseConfig(
    `
workload: { slo: { ttft_p99: 1s, tpot_p99: 100ms } }
router: { decisions: [{ name: all, when: otherwise, models: [small] }] }
fleet: { pools: { a: ${fleet} } }
pool: { models: { small: {} }, pools: { a: { model: small, concurrency: 64, ${pool}, simulate: { model: llama-3.1-8b, gpu: l40s, replicas: 1 } } } }`,
    { file: 'test', env: {}, readFile: () => '' },
  );
}

function configOf(fleet: string, pool?: string) {
  const result = parsed(fleet, pool);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return withoutEngines(result.config);
}

const scaled = (by: string, more = '') =>
  `{ autoscale: { by: ${by}, min: ${MIN}, max: ${MAX}, interval: 10s, start: 1m, cool_down: 1m${more} } }`;

const request = (arrivalMs: number, promptTokens = 800, outputTokens = 100): TraceRequest => ({
  ...{ arrivalMs, promptTokens, outputTokens, prefix: { hashes: [], blockTokens: 16 } },
});

/** Requests at rates that change from minute to minute, evenly within each. */
function atRates(perMinute: readonly number[]): readonly TraceRequest[] {
  return perMinute.flatMap((count, minute) =>
    Array.from({ length: Math.round(count) }, (_, i) => request(MINUTE * (minute + i / Math.round(count)))),
  );
}

/** Plays and notes how many replicas there are, second by second. */
function played(requests: readonly TraceRequest[], fleet: string, more: Partial<FleetTwinOptions> = {}) {
  const replicas: number[] = [];
  const result = playFleet(requests, {
    ...{ config: configOf(fleet), asks: () => 'auto', random: seededRandom(1) },
    watch: { everyMs: 1000, see: ({ pools }) => replicas.push(pools.a!.replicas) },
    ...more,
  });
  return { result, replicas };
}

const grownAt = (replicas: readonly number[]) => replicas.findIndex(count => count > 1);

describe('a pool of the twin that is scaled as the gateway recommends', () => {
  const calm = Array<number>(20).fill(60);
  const rise = Array.from({ length: 20 }, (_, i) => 60 + 60 * (i + 1));

  test('grows with the load, no sooner than a replica starts, and shrinks when that has gone', () => {
    const { result, replicas } = played(atRates([...calm, ...rise, ...calm]), scaled('reactive'));
    expect(result.answered).toBe(result.arrived);
    expect(Math.max(...replicas)).toBeGreaterThan(1);
    expect(Math.max(...replicas)).toBeLessThanOrEqual(MAX);
    expect(grownAt(replicas)).toBeGreaterThan(20 * 60 + 60);
    expect(replicas.at(-1)).toBe(1);
  });

  test('grows before the load has come by a forecast, and by the last value no sooner than by that', () => {
    const requests = atRates([...calm, ...rise]);
    const at = (by: string) => grownAt(played(requests, scaled(by, by === 'reactive' ? '' : ', window: 1m')).replicas);
    const [forecast, last, reactive] = [at('forecast'), at('last-value'), at('reactive')];
    expect(forecast).toBeGreaterThan(0);
    expect(forecast).toBeLessThan(reactive);
    expect(forecast).toBeLessThanOrEqual(last);
  });

  test('goes on from the load before the trace, as a gateway does from its store', () => {
    const counts = Array<number>(24).fill(9000);
    const loadBefore = new Map([['a', { from: -2 * 60 * MINUTE, stepMs: 5 * MINUTE, counts }]]);
    const { replicas } = played(atRates([60, 60, 60]), scaled('forecast'), { loadBefore });
    expect(Math.max(...replicas)).toBeGreaterThan(1);
    expect(Math.max(...played(atRates([60, 60, 60]), scaled('forecast')).replicas)).toBe(1);
  });

  test('with failures and any load: within its bounds, conserved, and the same again for the same seed', () => {
    const gaps = fc.array(
      fc.record({
        gap: fc.integer({ min: 0, max: 2500 }),
        prompt: fc.integer({ min: 1, max: 9000 }),
        output: fc.nat(400),
      }),
      { minLength: 1, maxLength: 200 },
    );
    fc.assert(
      fc.property(gaps, fc.nat(1000), fc.constantFrom('reactive', 'last-value', 'forecast'), (list, seed, by) => {
        let at = 0;
        const requests = list.map(({ gap, prompt, output }) => {
          at += gap;
          return request(at, prompt, output);
        });
        const fleet = scaled(by, by === 'reactive' ? '' : ', window: 10s').replace(
          'start: 1m, cool_down: 1m',
          'start: 5s, cool_down: 10s',
        );
        const config = configOf(
          fleet.replace(/ }$/, ', failures: { mtbf: 60s, mttr: 10s } }'),
          'queue: { length: 5, timeout: 3s }',
        );
        const run = () => played(requests, '', { config, random: seededRandom(seed) });
        const { result, replicas } = run();
        const rejected = [...result.rejected.values()].reduce((sum, count) => sum + count, 0);
        expect(result.answered + result.said + result.failed + rejected).toBe(requests.length);
        expect(Math.min(MIN, ...replicas)).toBe(MIN);
        expect(Math.max(MAX, ...replicas)).toBe(MAX);
        expect(run()).toEqual({ result, replicas });
      }),
      { numRuns: 40 },
    );
  });
});

describe('what cannot be is refused', () => {
  test('settings that would say nothing', () => {
    const problems = (fleet: string) => {
      const result = parsed(fleet);
      return result.ok ? [] : result.problems.map(({ path }) => path);
    };
    const scale = (text: string) => `{ autoscale: { max: 4, ${text} } }`;
    const at = (key: string) => [`fleet.pools.a.autoscale.${key}`];
    expect(problems(scale('metric: kv'))).toEqual(at('target'));
    expect(problems(scale('by: forecast, target: 2'))).toEqual(at('target'));
    expect(problems(scale('by: forecast, metric: kv'))).toEqual(at('metric'));
    expect(problems(scale('by: reactive, window: 1m'))).toEqual(at('window'));
    expect(problems(scale('target: 2, window: 1m'))).toEqual(at('window'));
    expect(problems(scale('by: last-value, window: 1m'))).toEqual([]);
  });

  test('a recommendation for a pool that has none', () => {
    const engine = 'simulate: { model: llama-3.1-8b, gpu: l40s, replicas: 1 }';
    const result = parseConfig(
      `
fleet: { pools: { p: ${scaled('forecast')} } }
pool: { models: { small: {} }, pools: { a: { model: small, prefill: { pool: p }, ${engine} }, p: { model: small, ${engine} } } }`,
      { file: 'test', env: {}, readFile: () => '' },
    );
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    const config = withoutEngines(result.config);
    expect(() => new FleetTwin({ config, asks: () => 'small', random: seededRandom(1) })).toThrow(/disaggregated/);
  });
});
