import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { LengthMix, type RequestLengths } from '#fleet/closed-form/length-mix.js';
import { forecastPool } from '#fleet/closed-form/pool-model.js';
import { verifyPool } from '#fleet/plan/verify.js';
import type { LatencyBounds } from '#fleet/scale/carried-load.js';
import { forecastLoad, LOAD_FORECASTERS, type SeenLoad } from '#fleet/scale/load-forecast.js';
import { alikeEach, measuredCapacity } from '#fleet/scale/measured-capacity.js';
import { neededReplicas, replicasFor, wholeReplicas } from '#fleet/scale/needed-replicas.js';
import { type EngineKind, modelledPool } from '#fleet/scale/pool-capacity.js';
import { recommend } from '#fleet/scale/recommendation.js';
import { ScaleDownHold } from '#fleet/scale/scale-down-hold.js';
import { findGpu } from '#pool/engine/hardware.js';
import { engineProfile } from '#pool/engine/profile.js';
import type { TraceRequest } from '#workload/traces/trace.js';

const MINUTE = 60_000;
const positive = (max: number) => fc.double({ min: 0, max, noNaN: true });
const each = fc.double({ min: 0.01, max: 100, noNaN: true });
const alike = (requestsPerSecond: number) =>
  alikeEach({ requestsPerSecond, from: 'engine model', bound: 'utilisation' });
const facts = fc.record({
  loadPerSecond: positive(1e4),
  forecast: fc.option(
    positive(1e4).map(perSecond => ({ perSecond, aheadMs: 5 * MINUTE })),
    { nil: undefined },
  ),
  each,
  requests: fc.nat(10_000),
  places: fc.integer({ min: 1, max: 256 }),
  scale: fc
    .tuple(fc.integer({ min: 1, max: 50 }), fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined }))
    .map(([min, more]) => ({ min, max: more === undefined ? undefined : min + more, hold: 10 * MINUTE })),
});

describe('needed replicas', () => {
  test('are enough for the load now, the forecast and what is on places, and no more than the greatest takes', () => {
    fc.assert(
      fc.property(facts, ({ loadPerSecond, forecast, each: one, requests, places }) => {
        const load = { nowPerSecond: loadPerSecond, forecastPerSecond: forecast?.perSecond, requests, places };
        const { exact } = neededReplicas(load, alike(one));
        const most = Math.max(loadPerSecond / one, (forecast?.perSecond ?? 0) / one, requests / places);
        expect(exact / most || 1).toBeCloseTo(1, 9);
      }),
    );
  });

  test('are the fewest that carry a rate, and whole where that is just what so many carry', () => {
    const sizes = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(
        sizes,
        fc.double({ min: 0.01, max: 50, noNaN: true }),
        fc.integer({ min: 1, max: 40 }),
        (more, rate, count) => {
          // Each of more replicas carries no less.
          const share = (replicas: number) => more.slice(0, replicas).reduce((sum, one) => sum + one, 1);
          const carries = (replicas: number) => replicas * share(replicas);
          const pool = {
            carried: (replicas: number) => ({
              ...({ requestsPerSecond: carries(replicas), from: 'engine model', bound: 'latency' } as const),
            }),
          };
          const needed = wholeReplicas(replicasFor(rate, pool));
          expect(carries(needed)).toBeGreaterThanOrEqual(rate * (1 - 1e-6));
          if (needed > 1) expect(carries(needed - 1)).toBeLessThan(rate * (1 + 1e-6));
          expect(replicasFor(carries(count), pool)).toBeCloseTo(count, 9);
        },
      ),
    );
  });
});

describe('a recommendation', () => {
  const asked = <Given extends { readonly each: number }>(given: Given) => ({ ...given, capacity: alike(given.each) });
  const free = (scale: { min: number; max?: number | undefined; hold: number }) => ({
    ...scale,
    min: 1,
    max: undefined,
  });

  test('keeps within the bounds of the pool, is whole, and without bounds carries the load', () => {
    fc.assert(
      fc.property(facts, given => {
        const { replicas, bound } = recommend(asked(given), new ScaleDownHold(), 0);
        expect(Number.isInteger(replicas)).toBe(true);
        expect(replicas).toBeGreaterThanOrEqual(given.scale.min);
        expect(replicas).toBeLessThanOrEqual(given.scale.max ?? Number.POSITIVE_INFINITY);
        expect(bound).not.toBe('hold');
        const unbounded = recommend(asked({ ...given, scale: free(given.scale) }), new ScaleDownHold(), 0);
        expect(unbounded.headroom).toBeGreaterThanOrEqual(-1e-6);
        expect(unbounded.replicas).toBeLessThan(Math.max(1, unbounded.needed) + 1);
      }),
    );
  });

  test('never falls when the load, the forecast or what waits grows, or a replica carries less', () => {
    fc.assert(
      fc.property(
        facts,
        positive(100),
        fc.nat(100),
        fc.double({ min: 0.1, max: 1, noNaN: true }),
        (given, more, wait, less) => {
          const { loadPerSecond, forecast, requests } = given;
          const heavier = {
            ...given,
            loadPerSecond: loadPerSecond + more,
            forecast: forecast && { ...forecast, perSecond: forecast.perSecond + more },
            requests: requests + wait,
            each: given.each * less,
          };
          const replicas = (one: typeof given) => recommend(asked(one), new ScaleDownHold(), 0).replicas;
          expect(replicas(heavier)).toBeGreaterThanOrEqual(replicas(given));
        },
      ),
    );
  });
});

describe('the hold before a scale-down', () => {
  const looks = fc.array(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 4 })), {
    minLength: 1,
    maxLength: 60,
  });
  const HOLD = 10;

  test('wants what the greatest look within the hold wanted: it rises at once and falls only after it', () => {
    fc.assert(
      fc.property(looks, given => {
        const hold = new ScaleDownHold();
        let now = 0;
        const past: { at: number; wanted: number }[] = [];
        for (const [wanted, passed] of given) {
          now += passed;
          past.push({ at: now, wanted });
          const within = past.filter(({ at }) => now - at < HOLD);
          expect(hold.look(wanted, now, HOLD)).toBe(Math.max(...within.map(one => one.wanted)));
        }
      }),
    );
  });

  test('does not flap: a load that swings faster than the hold changes nothing after its first peak', () => {
    const hold = new ScaleDownHold();
    const told = Array.from({ length: 100 }, (_, i) => hold.look(i % 5 === 0 ? 8 : 3, i, HOLD));
    expect(new Set(told)).toEqual(new Set([8]));
    const after = Array.from({ length: 12 }, (_, i) => hold.look(3, 100 + i, HOLD));
    expect(after.indexOf(3)).toBe(95 + HOLD - 100);
    expect(after.slice(after.indexOf(3))).toEqual(Array(after.length - 5).fill(3));
  });
});

describe('a load forecast', () => {
  const seen = (counts: readonly number[]): SeenLoad => ({
    windows: { from: 0, stepMs: 5 * MINUTE, counts },
    hours: { from: 0, stepMs: 60 * MINUTE, counts: [] },
  });

  test('is none before an hour has been seen, and is at or above a steady load', () => {
    expect(forecastLoad(seen(Array(11).fill(300)), MINUTE)).toBeUndefined();
    const { perSecond, aheadMs } = forecastLoad(seen(Array(12).fill(300)), MINUTE)!;
    expect(perSecond).toBeCloseTo(1, 6);
    expect(aheadMs).toBeGreaterThanOrEqual(5 * MINUTE);
  });

  test('goes before a rise, which the last value does not, as far as a replica takes to start', () => {
    const rising = Array.from({ length: 48 }, (_, i) => 300 + 30 * i);
    const of = (startMs: number) => forecastLoad(seen(rising), startMs)!;
    expect(of(0).perSecond).toBeGreaterThan(rising.at(-1)! / 300);
    expect([0, 1, 5 * MINUTE, 5 * MINUTE + 1].map(startMs => of(startMs).aheadMs / MINUTE)).toEqual([5, 10, 10, 15]);
    expect(of(10 * MINUTE).perSecond).toBeGreaterThan(of(0).perSecond);
    const level = LOAD_FORECASTERS['last-value'](seen(rising), 2);
    expect(level.mean).toBe(rising.at(-1));
    expect(level.interval[1]).toBeCloseTo(level.mean + 1.645 * 60, 6);
  });
});

describe('what a replica carries', () => {
  const profile = engineProfile({ model: 'qwen3-8b', gpu: 'h100', tp: 1, contextTokens: 32_768 });
  const requests: readonly RequestLengths[] = Array.from({ length: 64 }, (_, i) => ({
    ...{ promptTokens: 200 + 20 * i, outputTokens: 100 + 3 * i },
  }));
  const slo = { ttftP99Ms: 500, tpotMs: 50 };

  const kind = { profile, speed: 1 };
  const one = (bounds: LatencyBounds, of: EngineKind = kind) => modelledPool(() => of, 1, requests, bounds)?.carried(1);
  const TIGHT = { ttftP99Ms: 70, tpotMs: 50 };

  test('by the engine model is less the tighter the objective is, and nothing where it is out of reach', () => {
    const rates = [2000, 500, 100, 60].map(ttftP99Ms => one({ ...slo, ttftP99Ms }));
    const known = rates.map(carried => carried?.requestsPerSecond ?? 0);
    expect(known[0]).toBeGreaterThan(0);
    expect([...known].sort((a, b) => b - a)).toEqual(known);
    expect(known.at(-1)).toBeLessThan(known[0]!);
    expect(rates.find(carried => carried?.bound === 'latency')?.from).toBe('engine model');
    expect(one({ ...slo, ttftP99Ms: 0.01 })).toBeUndefined();
  });

  test('is more for each of many than for one alone, where the objective is tight, and never less', () => {
    const pool = modelledPool(() => kind, 1, requests, TIGHT)!;
    const shares = Array.from({ length: 40 }, (_, i) => pool.carried(i + 1).requestsPerSecond / (i + 1));
    for (let i = 1; i < shares.length; i++) expect(shares[i]).toBeGreaterThanOrEqual(shares[i - 1]! * (1 - 1e-12));
    expect(shares[15]).toBeGreaterThan(1.2 * shares[0]!);
    const loose = modelledPool(() => kind, 1, requests, { ttftP99Ms: 60_000, tpotMs: 1000 })!;
    expect(loose.carried(16)).toMatchObject({ bound: 'utilisation' });
    expect(loose.carried(16).requestsPerSecond).toBeCloseTo(16 * loose.carried(1).requestsPerSecond, 9);
  });

  test('of many is what the closed form has them keep the objective at, and not at 2 % more', () => {
    const pool = modelledPool(() => kind, 1, requests, TIGHT)!;
    const mix = new LengthMix(requests);
    const demand = { moments: mix.moments(0, mix.size), sample: mix.sample(0, mix.size, 64), arrivalCv2: 1 };
    for (const replicas of [1, 2, 4, 8, 16]) {
      const { requestsPerSecond: rate, bound } = pool.carried(replicas);
      expect(bound).toBe('latency');
      const p99 = (more: number) => forecastPool(profile, replicas, { ...demand, rate: rate * more })!.p99TtftMs;
      expect(p99(1)).toBeLessThanOrEqual(TIGHT.ttftP99Ms);
      expect(p99(1.02)).toBeGreaterThan(TIGHT.ttftP99Ms);
    }
  });

  test('keeps the objective in the twin, with fewer replicas than as many times one would be', () => {
    const pool = modelledPool(() => kind, 1, requests, TIGHT)!;
    const rate = 12 * pool.carried(1).requestsPerSecond;
    const needed = wholeReplicas(replicasFor(rate, pool));
    expect(needed).toBeLessThan(12);
    const random = seededRandom(3);
    let arrivalMs = 0;
    const arrivals = Array.from({ length: 6000 }, (): TraceRequest => {
      arrivalMs += random.exponential(rate / 1000);
      const { promptTokens, outputTokens } = requests[Math.floor(random.next() * requests.length)]!;
      return { arrivalMs, promptTokens, outputTokens, prefix: { hashes: [], blockTokens: 16 } };
    });
    const price = findGpu('h100').prices[0]!;
    const planned = { kind: { profile, usdPerHour: 1, price }, above: 0, upTo: Number.POSITIVE_INFINITY };
    const verdict = verifyPool({ ...planned, replicas: needed }, [arrivals], TIGHT);
    // The closed form is within 30 % of the twin.
    expect(verdict.p99TtftMs).toBeLessThan(1.3 * TIGHT.ttftP99Ms);
    expect(verdict.meanTpotMs).toBeLessThan(TIGHT.tpotMs);
  });

  test('by measured rates is what its prefill or its places turn over, and less while answers are too slow', () => {
    const one = [{ promptTokens: 1000, outputTokens: 100 }];
    const at = (rates: { prefillRate?: number; tpotMs?: number; places?: number }) =>
      measuredCapacity({ prefillRate: 10_000, tpotMs: 20, places: 64, ...rates }, one, slo);
    expect(at({})).toEqual({ requestsPerSecond: 0.85 * 10, from: 'measured rates', bound: 'prefill' });
    const few = at({ places: 2 })!;
    expect([few.bound, few.requestsPerSecond]).toEqual(['places', expect.closeTo((0.85 * 2) / (0.1 + 2), 9)]);
    expect(at({ tpotMs: 100, places: 256 })).toMatchObject({
      bound: 'latency',
      requestsPerSecond: expect.closeTo(0.85 * 5, 9),
    });
    const unknown = { prefillRate: undefined, tpotMs: 20, places: 64 };
    expect(measuredCapacity(unknown, one, slo)).toBeUndefined();
    expect(measuredCapacity({ ...unknown, prefillRate: 1, tpotMs: undefined }, one, slo)).toBeUndefined();
  });

  test('by measured rates never grows with what slows it', () => {
    const rate = fc.double({ min: 1, max: 1e5, noNaN: true });
    fc.assert(
      fc.property(rate, rate, fc.integer({ min: 1, max: 256 }), (prefillRate, tpotMs, places) => {
        const of = (factor: number) =>
          measuredCapacity({ prefillRate: prefillRate / factor, tpotMs: tpotMs * factor, places }, requests, slo)!;
        expect(of(1.5).requestsPerSecond).toBeLessThanOrEqual(of(1).requestsPerSecond);
      }),
    );
  });

  test('of several kinds is what each carries among as many of its own, in the order they come in', () => {
    const slow = { profile: engineProfile({ model: 'qwen3-8b', gpu: 'l40s', tp: 1, contextTokens: 32_768 }), speed: 1 };
    const bounds = { ttftP99Ms: 2000, tpotMs: 100 };
    const of = (...kinds: EngineKind[]) => modelledPool(at => kinds[at] ?? slow, kinds.length, requests, bounds)!;
    const rate = (pool: ReturnType<typeof of>, replicas: number) => pool.carried(replicas).requestsPerSecond;
    const [quick, weak, mixed] = [of(kind, kind, kind), of(slow, slow, slow), of(kind, slow)];
    expect(rate(weak, 1)).toBeLessThan(rate(quick, 1));
    expect(rate(mixed, 1)).toBe(rate(quick, 1));
    expect(rate(mixed, 2)).toBeCloseTo((rate(quick, 2) + rate(weak, 2)) / 2, 9);
    expect(rate(mixed, 3)).toBeCloseTo(rate(quick, 3) / 3 + (2 * rate(weak, 3)) / 3, 9);
    expect(modelledPool(at => [kind, slow][at]!, 2, requests, { ttftP99Ms: 0.01, tpotMs: 100 })).toBeUndefined();
  });

  test('is as many times more as an engine is simulated faster, for objectives in its own time', () => {
    const fast = one({ ttftP99Ms: 50, tpotMs: 5 }, { profile, speed: 10 })!;
    const real = one({ ttftP99Ms: 500, tpotMs: 50 })!;
    expect(fast.requestsPerSecond).toBeCloseTo(10 * real.requestsPerSecond, 6);
  });
});
