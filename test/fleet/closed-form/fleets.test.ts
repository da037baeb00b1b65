import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { capacityProbability } from '#fleet/closed-form/availability.js';
import { BoundaryKeeper, cheapestCell } from '#fleet/closed-form/boundary-keeper.js';
import type { SweepCell } from '#fleet/closed-form/boundary-sweep.js';
import { preemptionsPerRequest, replicaCapacity } from '#fleet/closed-form/capacity.js';
import { curtail } from '#fleet/closed-form/demand-response.js';
import { DisaggregatedModel } from '#fleet/closed-form/disaggregated.js';
import { sizeFleets } from '#fleet/closed-form/fleet-sizing.js';
import { LengthMix } from '#fleet/closed-form/length-mix.js';
import { forecastPool } from '#fleet/closed-form/pool-model.js';
import { procure } from '#fleet/closed-form/procurement.js';
import { createEngine } from '#pool/engine/batching-engine.js';
import { engineProfile } from '#pool/engine/profile.js';
import { NO_PREFIX } from '#workload/traces/trace.js';

const h100 = engineProfile({ model: 'llama-3.1-8b', gpu: 'h100', maxBatchedTokens: 8192 });
const l40s = engineProfile({ model: 'llama-3.1-8b', gpu: 'l40s' });
const random = seededRandom(11);
const chats = Array.from({ length: 3000 }, () => ({
  promptTokens: 1 + Math.floor(random.exponential(1 / 1200)),
  outputTokens: 1 + Math.floor(random.exponential(1 / 150)),
}));
const mix = new LengthMix(chats);
const demand = { moments: mix.moments(0, mix.size), sample: mix.sample(0, mix.size) };

describe('capacity', () => {
  test('is what an engine completes while more wait, within 3 %, where memory is the limit and where it is not', () => {
    for (const profile of [l40s, { ...l40s, maxSequences: 32 }]) {
      const engine = createEngine(profile, { events: 'milestones', maxWaiting: 1e6 });
      let tokens = 0;
      for (const [id, { promptTokens, outputTokens }] of chats.entries()) {
        engine.submit({ id, promptTokens, outputTokens, prefix: NO_PREFIX }, 0);
        tokens += outputTokens;
      }
      let now = 0;
      while (engine.stats().waiting > 0) now = engine.advance(now, now + 100)!.endsAt;
      const rate = (1000 * engine.stats().outputTokens * chats.length) / tokens / now;
      expect(Math.abs(replicaCapacity(profile, demand) / rate - 1)).toBeLessThan(0.03);
    }
    expect(preemptionsPerRequest(l40s, demand)).toBeGreaterThan(0);
    expect(preemptionsPerRequest({ ...l40s, maxSequences: 32 }, demand)).toBe(0);
  });
});

describe('fleets of several pools', () => {
  const kinds = [
    { profile: h100, usdPerHour: 4 },
    { profile: l40s, usdPerHour: 1.8 },
  ];

  test('serve every request once, in pools that hold their longest, at no more than the target', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            promptTokens: fc.integer({ min: 1, max: 30_000 }),
            outputTokens: fc.integer({ min: 1, max: 500 }),
          }),
          { minLength: 1, maxLength: 80 },
        ),
        fc.double({ min: 0.1, max: 500, noNaN: true }),
        (requests, rate) => {
          const some = new LengthMix(requests);
          const fleets = sizeFleets(some, kinds, rate, 4);
          expect(fleets.length).toBeGreaterThanOrEqual(1);
          for (const { pools } of fleets) {
            expect(pools[0]!.from).toBe(0);
            expect(pools.at(-1)!.to).toBe(some.size);
            for (const [i, { from, to, above, upTo, load, replicas }] of pools.entries()) {
              expect(to).toBeGreaterThan(from);
              if (i > 0) expect([from, above]).toEqual([pools[i - 1]!.to, pools[i - 1]!.upTo]);
              expect(some.upTo(Math.min(upTo, 1e9))).toBe(to);
              expect(load / replicas).toBeLessThanOrEqual(0.85 + 1e-6);
            }
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  test('the first has one pool of the cheaper kind; dividing by hand finds nothing cheaper than the division for two', () => {
    const fleets = sizeFleets(mix, kinds, 400, 3);
    expect(fleets.map(({ pools }) => pools.length)).toEqual([1, 2, 3]);
    const alone = kinds.map(
      ({ profile, usdPerHour }) => Math.ceil(400 / replicaCapacity(profile, demand) / 0.85) * usdPerHour,
    );
    expect(fleets[0]!.usdPerHour / Math.min(...alone)).toBeCloseTo(1, 1);
    let best = Number.POSITIVE_INFINITY;
    for (let at = 100; at < mix.size; at += 100) {
      let cost = 0;
      for (const [from, to] of [
        [0, at],
        [at, mix.size],
      ] as const) {
        const slice = { moments: mix.moments(from, to), sample: mix.sample(from, to, 12) };
        const own = (400 * (to - from)) / mix.size;
        cost += Math.min(
          ...kinds.map(
            ({ profile, usdPerHour }) => Math.ceil(own / replicaCapacity(profile, slice, 14) / 0.85) * usdPerHour,
          ),
        );
      }
      best = Math.min(best, cost);
    }
    expect(fleets[1]!.usdPerHour).toBeLessThanOrEqual(best + 4);
  });

  test('a kind that cannot hold the longest request serves the others, and one that can serves it', () => {
    const short = { profile: { ...l40s, contextTokens: 4000 }, usdPerHour: 1.8 };
    const [one, two] = sizeFleets(mix, [kinds[0]!, short], 400, 2);
    expect(one!.pools[0]!.kind).toBe(kinds[0]);
    expect(two!.pools.at(-1)!.kind).toBe(kinds[0]);
    expect(sizeFleets(mix, [short], 400, 2)).toEqual([]);
  });
});

describe('the boundary over time', () => {
  const cell = (boundary: number, usdPerHour: number, gamma = 1): SweepCell => ({
    ...{ boundary, gamma, usdPerHour },
    shortReplicas: 1,
    longReplicas: 1,
  });

  test('moves only when another has been cheaper by more than the margin often enough in a row', () => {
    const keeper = new BoundaryKeeper({ margin: 0.05, patience: 3 });
    const at = (a: number, b: number) => keeper.decide([cell(1000, a), cell(2000, b)])!.boundary;
    expect([at(100, 110), at(100, 96), at(100, 96)]).toEqual([1000, 1000, 1000]);
    expect([at(100, 90), at(100, 90), at(100, 99), at(100, 90), at(100, 90), at(100, 90)]).toEqual([
      1000, 1000, 1000, 1000, 1000, 2000,
    ]);
    expect(keeper.decide([cell(1000, 120), cell(2000, 90)])).toMatchObject({ boundary: 2000, usdPerHour: 90 });
    expect(keeper.decide([cell(500, 10)])!.boundary).toBe(500);
    expect(keeper.decide([])).toBeUndefined();
  });

  test('of equally cheap cells the one that compresses least', () => {
    expect(cheapestCell([cell(1, 5, 2), cell(3, 5, 1), cell(2, 5, 1)])).toMatchObject({ boundary: 2, gamma: 1 });
  });
});

describe('buying machines', () => {
  test('the cheapest of all pairs of counts, by trying all', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.constantFrom(0.5, 0.9, 0.99, 0.999),
        fc.double({ min: 0.6, max: 1, noNaN: true }),
        fc.double({ min: 0.6, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 10 }),
        (needed, target, sure, spot, price) => {
          const offers = [
            { name: 'sure', usdPerHour: 10, up: sure },
            { name: 'spot', usdPerHour: price, up: spot, most: 5 },
          ];
          let cheapest = Number.POSITIVE_INFINITY;
          for (let a = 0; a <= 2 * needed + 32; a++) {
            for (let b = 0; b <= 5; b++) {
              let probability = 0;
              for (let k = 0; k <= b; k++) {
                const just = capacityProbability(b, k, spot) - capacityProbability(b, k + 1, spot);
                probability += just * capacityProbability(a, Math.max(0, needed - k), sure);
              }
              if (probability >= target - 1e-12) cheapest = Math.min(cheapest, 10 * a + price * b);
            }
          }
          const bought = procure(needed, offers, target - 1e-12)!;
          expect(bought.usdPerHour).toBe(cheapest);
          expect(bought.probability).toBeGreaterThanOrEqual(target - 1e-9);
        },
      ),
      { numRuns: 40 },
    );
    expect(procure(3, [{ name: 'few', usdPerHour: 1, up: 1, most: 2 }], 0.9)).toBeUndefined();
  });
});

describe('demand response', () => {
  test('giving up more power leaves fewer sequences and never a faster pool, until the pool no longer keeps up', () => {
    const capacity = replicaCapacity(h100, demand);
    const offered = { ...demand, rate: 2.4 * capacity, arrivalCv2: 1 };
    const levels = curtail(h100, 4, offered, [0, 0.1, 0.2, 0.3, 0.5, 0.9]);
    const base = forecastPool(h100, 4, offered)!;
    for (const [i, { share, maxSequences, mostWatts, forecast }] of levels.entries()) {
      if (maxSequences > 0) expect(mostWatts).toBeLessThanOrEqual(base.watts * (1 - share) * (1 + 1e-9));
      const before = levels[i - 1];
      if (before === undefined) continue;
      expect(maxSequences).toBeLessThanOrEqual(before.maxSequences);
      if (forecast !== undefined)
        expect(forecast.utilisation).toBeGreaterThanOrEqual(before.forecast!.utilisation - 1e-9);
    }
    expect(levels.at(-1)!.forecast).toBeUndefined();
  });
});

describe('disaggregated', () => {
  const setting = { prefill: h100, decode: h100, requests: chats, rate: 60, arrivalCv2: 1 };

  test('a slower link is a later first token and nothing else, until it carries no more', () => {
    const at = (linkBytesPerSecond: number) =>
      new DisaggregatedModel({ ...setting, linkBytesPerSecond }).forecast(4, 4);
    const [fast, slow] = [at(50e9)!, at(5e9)!];
    expect(slow.p99TtftMs).toBeGreaterThan(fast.p99TtftMs);
    expect(slow.tpotMs).toBe(fast.tpotMs);
    expect(slow.linkUtilisation / fast.linkUtilisation).toBeCloseTo(10, 9);
    expect(at(1e8)).toBeUndefined();
  });

  test('decodes without prefill beside them are steadier than together, and the size that is found is the least', () => {
    const model = new DisaggregatedModel({ ...setting, linkBytesPerSecond: 50e9 });
    const together = forecastPool(h100, 8, { ...demand, rate: 60, arrivalCv2: 1 })!;
    expect(model.forecast(4, 8)!.tpotMs).toBeLessThan(together.tpotMs);
    const slo = { ttftP99Ms: 400, tpotMs: 12 };
    const sized = model.size(slo)!;
    expect(sized.forecast.p99TtftMs).toBeLessThanOrEqual(400);
    expect(sized.forecast.tpotMs).toBeLessThanOrEqual(12);
    const fewer = model.forecast(sized.prefillReplicas - 1, sized.decodeReplicas);
    expect(fewer === undefined || fewer.p99TtftMs > 400).toBe(true);
    expect(model.size({ ttftP99Ms: 1, tpotMs: 12 }, 50)).toBeUndefined();
  });
});
