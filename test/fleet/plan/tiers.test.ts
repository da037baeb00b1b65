import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { LengthMix } from '#fleet/closed-form/length-mix.js';
import { forecastPool } from '#fleet/closed-form/pool-model.js';
import { cachedLengths } from '#fleet/plan/cached-lengths.js';
import { lesserWishes, type TierWish, withTiers } from '#fleet/plan/memory-tiers.js';
import { planFleet } from '#fleet/plan/plan.js';
import { verifyPool } from '#fleet/plan/verify.js';
import { findGpu } from '#pool/engine/hardware.js';
import { engineProfile } from '#pool/engine/profile.js';
import { reuseDistances } from '#workload/shape/reuse-distances.js';
import type { TraceRequest } from '#workload/traces/trace.js';

const BLOCK = 512;

/** Conversations in turn whose prompts are long and known: together more than the GPUs of a few replicas hold. */
function conversations(count: number, many: number): readonly TraceRequest[] {
  const random = seededRandom(5);
  let arrivalMs = 0;
  return Array.from({ length: count }, (_, at) => {
    arrivalMs += random.exponential(0.004);
    const hashes = Array.from({ length: 12 }, (__, block) => 100 * (at % many) + block + 1);
    return { arrivalMs, promptTokens: 12 * BLOCK + 40, outputTokens: 30, prefix: { hashes, blockTokens: BLOCK } };
  });
}

const requests = conversations(400, 80);
const profile = engineProfile({ model: 'llama-3.1-8b', gpu: 'l40s', contextTokens: 131_072 });
const kind = { profile, usdPerHour: 1.8, price: findGpu('l40s').prices[0]! };
const size = (bytes: number, link: number, usdPerGbMonth = 0) => ({ bytes, link, usdPerGbMonth });

describe('memory behind the GPUs of a kind', () => {
  test('is as much more for a replica of more GPUs, and part of its price', () => {
    const wide = { ...kind, profile: engineProfile({ model: 'llama-3.1-8b', gpu: 'l40s', tp: 4 }) };
    const { usdPerHour, tiers } = withTiers(wide, { host: size(100e9, 25, 0.73), disk: size(1e12, 3, 0.073) });
    expect(tiers?.settings).toEqual({ size: 400e9, link: 25, disk: { size: 4e12, link: 3 } });
    expect(usdPerHour).toBeCloseTo(1.8 + (4 * 100 * 0.73) / 730 + (4 * 1000 * 0.073) / 730, 9);
  });

  test('is compared with none of it, and without its storage', () => {
    const [host, disk] = [size(1e9, 25), size(1e12, 3)];
    expect(lesserWishes({ host })).toEqual([undefined]);
    expect(lesserWishes({ host, disk })).toEqual([undefined, { host }]);
  });
});

describe('what caches leave to compute', () => {
  const distances = reuseDistances(requests)!;
  const cached = (one: typeof kind, rate = 5) => {
    return cachedLengths(requests, distances, one, rate);
  };

  test('is never more with more memory, and never a whole prompt', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e8, max: 1e11, noNaN: true }),
        fc.double({ min: 1, max: 20, noNaN: true }),
        (bytes, more) => {
          const spared = (of: number) =>
            cached(withTiers(kind, { host: size(of, 25) }), 0.001).reduce((sum, { cachedTokens = 0, promptTokens }) => {
              expect(cachedTokens).toBeLessThan(promptTokens);
              return sum + cachedTokens;
            }, 0);
          expect(spared(bytes * more)).toBeGreaterThanOrEqual(spared(bytes));
        },
      ),
      { numRuns: 20 },
    );
  });

  test('all but the first of each conversation is found by a cache that holds them all, and read by its link', () => {
    const host = cached(withTiers(kind, { host: size(1e12, 25) }), 0.001);
    const found = host.filter(({ cachedTokens }) => cachedTokens === 12 * BLOCK);
    expect(found).toHaveLength(320);
    const read = found.find(({ readMs = 0 }) => readMs > 0)!;
    expect(read.readMs).toBeCloseTo((1000 * 12 * BLOCK * 131_072) / 25e9, 6);
    const slow = cached(withTiers(kind, { host: size(1e12, 1) }), 0.001).find(({ readMs = 0 }) => readMs > 0)!;
    expect(slow.readMs! / read.readMs!).toBeCloseTo(25, 6);
    expect(cached(kind, 0.001).every(({ readMs }) => readMs === undefined)).toBe(true);
  });
});

test('by the closed form a read never makes a pool faster, and none changes nothing', () => {
  const lengths = fc.array(
    fc.record({ promptTokens: fc.integer({ min: 100, max: 4000 }), outputTokens: fc.integer({ min: 1, max: 200 }) }),
    { minLength: 1, maxLength: 30 },
  );
  const forecast = (all: readonly { promptTokens: number; outputTokens: number; readMs?: number }[]) => {
    const mix = new LengthMix(all);
    const demand = { moments: mix.moments(0, mix.size), sample: mix.sample(0, mix.size), arrivalCv2: 1 };
    return forecastPool(profile, 2, { ...demand, rate: 0.5 });
  };
  fc.assert(
    fc.property(lengths, fc.double({ min: 0, max: 500, noNaN: true }), (all, readMs) => {
      const plain = forecast(all)!;
      expect(forecast(all.map(one => ({ ...one, readMs: 0 })))).toEqual(plain);
      const reading = forecast(all.map(one => ({ ...one, readMs })));
      if (reading === undefined) return;
      expect(reading.p99TtftMs).toBeGreaterThanOrEqual(plain.p99TtftMs * (1 - 1e-6));
      expect(reading.tpotMs).toBeGreaterThanOrEqual(plain.tpotMs * (1 - 1e-6));
    }),
    { numRuns: 30 },
  );
});

describe('prompts on replicas of their own, with memory behind the GPUs', () => {
  const GPU_BLOCKS = 900;
  const small = { ...kind, profile: engineProfile({ model: 'llama-3.1-8b', gpu: 'l40s', blocks: GPU_BLOCKS }) };
  const slo = { ttftP99Ms: 1e6, tpotMs: 1e6 };
  const play = (trace: readonly TraceRequest[], memory: TierWish | undefined, replicas = 1) => {
    const own = memory === undefined ? small : withTiers(small, memory);
    const prefill = { kind: own, replicas, link: 25 };
    return verifyPool({ kind: own, replicas, above: 0, upTo: Number.POSITIVE_INFINITY, prefill }, [trace], slo);
  };
  /** Gigabytes of KV that so many of a conversation's prompts take. */
  const room = (prompts: number) => prompts * 12 * BLOCK * profile.kvTransferBytesPerToken;
  const wishes = fc.record({
    many: fc.integer({ min: 3, max: 14 }),
    host: fc.integer({ min: 1, max: 14 }),
    disk: fc.integer({ min: 1, max: 14 }),
  });

  test('more of it never finds less; what is read was found, and every request is answered', () => {
    fc.assert(
      fc.property(wishes, ({ many, host, disk }) => {
        const trace = conversations(60, many).map((request, at) => ({ ...request, arrivalMs: 3000 * at }));
        const tier = size(room(host), 25);
        const played = [undefined, { host: tier }, { host: tier, disk: size(room(disk), 3) }].map(one =>
          play(trace, one),
        );
        let before = 0;
        for (const { rejected, requests: count, caches, promptCaches } of played) {
          expect([rejected, count]).toEqual([0, 60]);
          expect(caches.hitRate).toBeGreaterThanOrEqual(before - 1e-9);
          before = caches.hitRate;
          // Every prompt but the first of a conversation could be found, and no more than that.
          expect(caches.hitRate).toBeLessThanOrEqual(1 - many / 60);
          for (const { hitRate, hostHitRate, diskHitRate } of [caches, promptCaches!]) {
            expect(hostHitRate + diskHitRate).toBeLessThanOrEqual(hitRate + 1e-9);
          }
        }
        expect(played[0]!.caches).toMatchObject({ hostHitRate: 0, diskHitRate: 0, readMs: 0 });
        expect(played[1]!.caches.diskHitRate).toBe(0);
      }),
      { numRuns: 12 },
    );
  });

  test('a host that holds all conversations has all but the first prompt of each, and reads over its link', () => {
    const trace = conversations(60, 12).map((request, at) => ({ ...request, arrivalMs: 3000 * at }));
    const found = play(trace, { host: size(room(20), 25) });
    expect(found.caches.hitRate).toBeGreaterThan(0.75);
    expect(found.caches.readMs).toBeGreaterThan(0);
    const without = play(trace, undefined);
    expect(without.caches.hitRate).toBeLessThan(0.3);
    expect(found.p99TtftMs).toBeLessThanOrEqual(without.p99TtftMs);
    expect(play(trace, { host: size(room(20), 1) }).caches.readMs).toBeGreaterThan(10 * found.caches.readMs);
  });

  test('a plan offers it, pays for it in both pools, and compares it with less', () => {
    const options = {
      ...{ requests: conversations(500, 120), model: 'llama-3.1-8b', gpus: ['l40s'], rate: 4, seed: 1 },
      ...{ clock: { now: () => 0 }, slo: { ttftP99Ms: 3000, tpotMs: 22 }, disaggregate: { link: 25 } },
    };
    const plan = planFleet({ ...options, tiers: { host: size(100e9, 25, 1) } });
    const apart = [plan.best!, ...plan.pareto].find(
      ({ pools }) => pools[0]!.prefill?.tiers !== null && pools[0]!.prefill !== null,
    );
    const { prefill, tiers, gpus, usd_per_hour: usd } = apart!.pools[0]!;
    expect(tiers!.host).toEqual({ gb: 100, link: 25 });
    expect(tiers!.host_hit_rate).toBeGreaterThan(0);
    expect(prefill!.tiers!.host).toEqual(tiers!.host);
    const gpu = prefill!.price.usd_per_hour + 100 / 730;
    expect(usd).toBeCloseTo(gpus * gpu, 6);
    expect(prefill!.usd_per_hour).toBeCloseTo(prefill!.gpus * gpu, 6);
  });
});

describe('a plan with memory behind its GPUs', () => {
  const options = {
    ...{
      requests: conversations(900, 200),
      model: 'llama-3.1-8b',
      gpus: ['l40s'],
      rate: 4,
      seed: 1,
      clock: { now: () => 0 },
    },
    slo: { ttftP99Ms: 2500, tpotMs: 60 },
  };
  const plan = (tiers: Parameters<typeof planFleet>[0]['tiers']) =>
    planFleet({ ...options, ...(tiers === undefined ? {} : { tiers }) });
  const bare = plan(undefined);
  const rich = plan({ host: size(100e9, 25) });

  test('has more hits, needs no more replicas, and says what it read', () => {
    expect(bare.tiers).toBeNull();
    expect(bare.best!.pools[0]!.tiers).toBeNull();
    const [none, host] = rich.tiers!;
    expect([none!.tiers, host!.tiers]).toEqual(['none', 'host memory']);
    const [without, with_] = [none!.fleet!.pools[0]!, host!.fleet!.pools[0]!];
    expect(with_.prefix_hit_rate).toBeGreaterThan(without.prefix_hit_rate + 0.1);
    expect(with_.tiers!.host_hit_rate).toBeGreaterThan(0.1);
    expect(with_.tiers!.read_ms).toBeGreaterThan(0);
    expect(with_.replicas).toBeLessThan(without.replicas);
    expect(rich.best!.usd_per_hour).toBeLessThan(bare.best!.usd_per_hour);
    expect(rich.best!.pools[0]!.tiers).toEqual(with_.tiers);
  });

  test('takes the fleet without where memory costs more than it spares, or is too slow to be of use', () => {
    for (const host of [size(100e9, 25, 1000), size(100e9, 0.05)]) {
      const { best } = plan({ host });
      expect(best!.pools[0]!.tiers).toBeNull();
      expect(best!.usd_per_hour).toBeLessThanOrEqual(bare.best!.usd_per_hour);
    }
  });
});
