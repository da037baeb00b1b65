import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withoutEngines } from '#cli/local-engines.js';
import { parseConfig } from '#config/load.js';
import type { PlacementRequest } from '#contract/placement.js';
import { seededRandom } from '#contract/random.js';
import { playFleet } from '#fleet/twin/pool-twin.js';
import { EngineForecast } from '#pool/engine/forecast.js';
import { engineProfile } from '#pool/engine/profile.js';
import { expectedJoules, ThriftyRequest, tooDear } from '#pool/placement/energy-limit.js';
import { replicaView } from '../../contracts/placer.js';

const forecast = new EngineForecast(engineProfile({ model: 'llama-3.1-8b', gpu: 'h100' }));
const ASKED = { promptTokens: 1000, outputTokens: 200 };
const at = (id: string, inFlight: number, more = {}) =>
  replicaView(id, { forecast, inFlight, inFlightTokens: inFlight * 1100, limit: 256, ...more });

describe('expected energy', () => {
  test('is the watts of the replica over its share of the batch, prefill its own', () => {
    const joules = expectedJoules(ASKED, at('a', 31))!;
    const decode = (forecast.watts(32) * 200 * forecast.iterationMs(32, 31 * 1100 + 1100)) / 32 / 1000;
    expect(joules).toBeGreaterThan(decode);
    expect(joules - decode).toBeCloseTo(expectedJoules({ ...ASKED, outputTokens: 0 }, at('a', 31))!, 6);
  });

  test('falls as requests share the batch, and is unknown without hardware', () => {
    const joules = [0, 1, 3, 7, 15, 31, 63].map(inFlight => expectedJoules(ASKED, at('a', inFlight))!);
    expect(joules.toSorted((a, b) => b - a)).toEqual(joules);
    expect(joules[0]! / joules[5]!).toBeGreaterThan(5);
    expect(expectedJoules(ASKED, replicaView('a'))).toBeUndefined();
  });
});

describe('what a limit leaves out', () => {
  const joulesAt = (inFlight: number) => expectedJoules(ASKED, at('a', inFlight))!;

  test('replicas that break it, unless all do: then all but the least with a place free', () => {
    const replicas = [at('idle', 0), at('some', 8), at('many', 40)];
    expect(tooDear({ maxJoules: joulesAt(8) }, ASKED, replicas)).toEqual(['idle']);
    expect(tooDear({ minTokensPerJoule: 200 / joulesAt(8) - 1e-9 }, ASKED, replicas)).toEqual(['idle']);
    expect(tooDear({ maxJoules: 1 }, ASKED, replicas)).toEqual(['idle', 'some']);
    expect(tooDear({ maxJoules: 1 }, ASKED, [at('idle', 0), at('full', 40, { limit: 40 })])).toEqual(['full']);
    expect(tooDear({ maxJoules: 1e6 }, ASKED, [at('idle', 0), replicaView('unknown')])).toEqual(['unknown']);
    expect(tooDear({ maxJoules: 1e6 }, ASKED, [replicaView('u1'), replicaView('u2')])).toEqual([]);
  });

  test('never all of them', () => {
    const load = fc.record({ inFlight: fc.nat(80), limit: fc.integer({ min: 1, max: 80 }), known: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(load, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 5000 }),
        (loads, maxJoules) => {
          const replicas = loads.map(({ inFlight, limit, known }, i) =>
            at(String(i), inFlight, known ? { limit } : { limit, forecast: undefined }),
          );
          expect(tooDear({ maxJoules }, ASKED, replicas).length).toBeLessThan(replicas.length);
        },
      ),
    );
  });
});

test('in the twin a limit draws requests together that would be spread, and loses none', () => {
  const play = (energy: string) => {
    const text = `router: { decisions: [{ name: all, when: otherwise, models: [m] ${energy} }] }
pool: { models: { m: {} }, pools: {
  p: { model: m, placement: least_load, concurrency: 64, simulate: { model: llama-3.1-8b, gpu: h100, replicas: 4 } } } }`;
    const result = parseConfig(text, { file: 'test', env: {}, readFile: () => '' });
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    const requests = Array.from({ length: 600 }, (_, i) => ({
      ...{ arrivalMs: i * 100, promptTokens: 500, outputTokens: 200, prefix: { hashes: [], blockTokens: 16 } },
    }));
    const played = playFleet(requests, {
      ...{ config: withoutEngines(result.config), asks: () => 'auto', random: seededRandom(1) },
    });
    const on = new Map<string, number>();
    for (const { replica } of played.completed) on.set(replica, (on.get(replica) ?? 0) + 1);
    return { answered: played.answered, most: Math.max(...on.values()) };
  };
  const control = play('');
  const limited = play(', energy: { max_joules: 60 }');
  expect([control.answered, limited.answered]).toEqual([600, 600]);
  expect(control.most).toBeLessThan(200);
  expect(limited.most).toBeGreaterThan(400);
});

test('a request that some replicas are too dear for is the same in all else', () => {
  const request = {
    ...{ ...ASKED, model: 'm', prefix: { seed: 0, hashes: [] }, tokens: [1, 2, 3], session: 's', kind: 'chat' },
    ...{ constraints: {}, exclude: ['b'], streamed: true, flow: {} },
  } as unknown as PlacementRequest;
  const thrifty = new ThriftyRequest(request, ['a']);
  expect(thrifty.dear).toEqual(['a']);
  for (const key of Object.keys(request) as (keyof PlacementRequest)[]) expect(thrifty[key], key).toBe(request[key]);
});
