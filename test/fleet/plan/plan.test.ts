import { describe, expect, test } from 'vitest';
import type { WeirError } from '#contract/errors.js';
import { seededRandom } from '#contract/random.js';
import { parseDuration } from '#contract/units.js';
import { BUILT_IN } from '#fleet/catalogue.js';
import { capacityProbability } from '#fleet/closed-form/availability.js';
import { LengthMix } from '#fleet/closed-form/length-mix.js';
import { arrivalPatterns } from '#fleet/plan/arrival-patterns.js';
import { buyingOf } from '#fleet/plan/buying.js';
import { candidates } from '#fleet/plan/candidates.js';
import { planOverTime } from '#fleet/plan/over-time.js';
import { planFleet } from '#fleet/plan/plan.js';
import { reasons } from '#fleet/plan/reasons.js';
import { cacheBlocksOf, verifyPool } from '#fleet/plan/verify.js';
import { findGpu } from '#pool/engine/hardware.js';
import { engineProfile } from '#pool/engine/profile.js';
import type { TraceRequest } from '#workload/traces/trace.js';

function chats(count: number, seed: number): readonly TraceRequest[] {
  const random = seededRandom(seed);
  let arrivalMs = 0;
  return Array.from({ length: count }, () => {
    arrivalMs += random.exponential(0.02);
    const promptTokens = 1 + Math.floor(random.exponential(1 / 800));
    const outputTokens = 1 + Math.floor(random.exponential(1 / 80));
    return { arrivalMs, promptTokens, outputTokens, prefix: { hashes: [], blockTokens: 16 } };
  });
}

const requests = chats(400, 3);
const slo = { ttftP99Ms: 400, tpotMs: 50 };
const kinds = ['h100', 'l40s'].map(gpu => ({
  profile: engineProfile({ model: 'llama-3.1-8b', gpu, contextTokens: 131_072 }),
  usdPerHour: gpu === 'h100' ? 4.02 : 1.8,
  price: findGpu(gpu).prices[0]!,
}));

describe('candidates', () => {
  test('every request has one pool, every pool is within the SLO by the closed form, the cheapest come first', () => {
    const fleets = candidates(new LengthMix(requests), kinds, 60, 1, slo);
    expect(fleets.length).toBeGreaterThan(4);
    let before = 0;
    for (const { pools, usdPerHour } of fleets) {
      expect(usdPerHour).toBeGreaterThanOrEqual(before);
      before = usdPerHour;
      for (const { forecast } of pools) {
        expect(forecast.p99TtftMs).toBeLessThanOrEqual(slo.ttftP99Ms);
        expect(forecast.tpotMs).toBeLessThanOrEqual(slo.tpotMs);
      }
      for (const { promptTokens, outputTokens } of requests) {
        const total = promptTokens + outputTokens;
        expect(pools.filter(({ above, upTo }) => total > above && total <= upTo)).toHaveLength(1);
      }
    }
  });
});

describe('the reasons', () => {
  test('say when the objective is only met in the mean', () => {
    const { best } = planFleet({
      ...{ requests, model: 'llama-3.1-8b', gpus: ['h100'], slo, seed: 1, clock: { now: () => 0 }, rate: 60 },
    });
    const of = (high: number) => {
      const verified = { ...best!.verified, p99_ttft_interval_ms: [1, high] as const };
      return reasons({ ...best!, verified }, [best!], [], slo).filter(line => line.includes('in the mean over 3'));
    };
    expect(of(slo.ttftP99Ms)).toEqual([]);
    expect(of(slo.ttftP99Ms + 50)).toEqual([expect.stringContaining('450 ms')]);
  });
});

describe('arrival patterns', () => {
  test('keep all requests and the span, in order; the first is the trace itself', () => {
    const patterns = arrivalPatterns(requests, 2, [1, 2, 3]);
    const lengths = (list: readonly TraceRequest[]) =>
      list.map(({ promptTokens }) => promptTokens).sort((a, b) => a - b);
    for (const pattern of patterns) {
      expect(lengths(pattern)).toEqual(lengths(requests));
      for (let i = 1; i < pattern.length; i++) {
        expect(pattern[i]!.arrivalMs).toBeGreaterThanOrEqual(pattern[i - 1]!.arrivalMs);
      }
    }
    expect(patterns[0]!.map(({ arrivalMs }) => arrivalMs)).toEqual(
      requests.map(({ arrivalMs }) => (arrivalMs - requests[0]!.arrivalMs) / 2),
    );
  });
});

describe('a plan', () => {
  const options = { requests, model: 'llama-3.1-8b', gpus: ['h100', 'l40s'], slo, seed: 1, clock: { now: () => 0 } };

  test('is for the precision that is asked for, and says it', () => {
    const plain = planFleet({ ...options, rate: 120 });
    const narrow = planFleet({ ...options, rate: 120, weights: 'fp8', kvCache: 'fp8' });
    expect(plain).toMatchObject({ weights: 'bf16', kv_cache: 'bf16' });
    expect(narrow).toMatchObject({ weights: 'fp8', kv_cache: 'fp8' });
    expect(narrow.best!.usd_per_hour).toBeLessThan(plain.best!.usd_per_hour);
    expect(() => planFleet({ ...options, rate: 120, gpus: ['h100', 'b200'], weights: 'int8' })).toThrow(
      expect.objectContaining({ code: 'config.range', path: 'weights', hint: 'fp8' }),
    );
  });

  const report = planFleet({ ...options, rate: 60 });

  test('has held in the twin, and none that did is cheaper', () => {
    expect(report.best).not.toBeNull();
    for (const fleet of [report.best!, ...report.pareto]) {
      expect(fleet.verified).toMatchObject({ by: 'twin', ok: true, seeds: 3 });
      expect(fleet.verified.p99_ttft_ms).toBeLessThanOrEqual(slo.ttftP99Ms);
      expect(fleet.verified.tpot_ms).toBeLessThanOrEqual(slo.tpotMs);
      expect(fleet.usd_per_hour).toBeGreaterThanOrEqual(report.best!.usd_per_hour);
    }
  });

  test('is what playing its pools again gives', () => {
    const scale = (60 * (requests.at(-1)!.arrivalMs - requests[0]!.arrivalMs)) / 1000 / (requests.length - 1);
    const patterns = arrivalPatterns(requests, scale, [1, 2, 3]);
    let above = 0;
    for (const { gpu, gpus, replicas, boundary, p99_ttft_ms: p99 } of report.best!.pools) {
      const profile = engineProfile({
        ...{ model: 'llama-3.1-8b', gpu, tp: gpus / replicas, contextTokens: 131_072 },
        maxBatchedTokens: gpu === 'h100' ? 8192 : 2048,
      });
      const upTo = boundary ?? Number.POSITIVE_INFINITY;
      const pool = {
        kind: { profile, usdPerHour: 0, price: findGpu(gpu).prices[0]! },
        replicas,
        above,
        upTo,
        forecast: undefined as never,
      };
      expect(verifyPool(pool, patterns, slo)).toMatchObject({ ok: true, p99TtftMs: p99 });
      above = upTo;
    }
  });

  test('the same seed gives the same; more load never costs less', () => {
    expect(planFleet({ ...options, rate: 60 })).toEqual(report);
    const more = planFleet({ ...options, rate: 240 });
    expect(more.best!.usd_per_hour).toBeGreaterThan(report.best!.usd_per_hour);
  });

  test('an SLO that nothing keeps gives no plan; a model that fits nowhere is an error', () => {
    expect(planFleet({ ...options, rate: 60, slo: { ttftP99Ms: 1, tpotMs: 50 } })).toMatchObject({
      best: null,
      pareto: [],
      sensitivity: [],
    });
    expect(() => planFleet({ ...options, rate: 60, model: 'llama-3.1-405b', gpus: ['l40s'] })).toThrowError(
      expect.objectContaining({ code: 'config.range' }),
    );
  });
});

describe('buying what was planned', () => {
  const fleet = planFleet({
    ...{ requests, model: 'llama-3.1-8b', gpus: ['h100', 'l40s'], slo, seed: 1, clock: { now: () => 0 }, rate: 60 },
  }).best!;
  const wish = { target: 0.999, up: 0.99 };

  test('enough are up as probably as is asked, by one kind as availability says; more certainty never costs less', () => {
    const bought = buyingOf(fleet, BUILT_IN, wish);
    expect(bought.length).toBeGreaterThan(1);
    for (const { probability, pools, usd_per_hour: usd } of bought) {
      expect(probability).toBeGreaterThanOrEqual(wish.target);
      const sum = pools.flatMap(({ machines }) => machines).reduce((all, one) => all + one.count * one.usd_per_hour, 0);
      expect(usd).toBeCloseTo(sum, 9);
      const alone = pools.map(({ machines, needed }) => capacityProbability(machines[0]!.count, needed, wish.up));
      if (pools.every(({ machines }) => machines.length === 1)) {
        expect(probability).toBeCloseTo(
          alone.reduce((product, one) => product * one, 1),
          9,
        );
      }
    }
    const surer = buyingOf(fleet, BUILT_IN, { ...wish, target: 0.9999999 });
    for (const { provider, usd_per_hour: usd } of surer) {
      expect(usd).toBeGreaterThanOrEqual(bought.find(one => one.provider === provider)!.usd_per_hour);
    }
  });

  test('spot is bought only where its availability is said, and one provider alone where it is named', () => {
    const kinds = (list: ReturnType<typeof buyingOf>) =>
      new Set(list.flatMap(({ pools }) => pools.flatMap(({ machines }) => machines.map(({ kind }) => kind))));
    expect(kinds(buyingOf(fleet, BUILT_IN, wish))).not.toContain('spot');
    expect(kinds(buyingOf(fleet, BUILT_IN, { ...wish, spotUp: 0.95 }))).toContain('spot');
    expect(buyingOf(fleet, BUILT_IN, { ...wish, provider: 'Nebius' }).map(({ provider }) => provider)).toEqual([
      'nebius',
    ]);
  });
});

describe('a fleet over time', () => {
  // Four hours in miniature: the load doubles and halves, and its lengths stay.
  const day: TraceRequest[] = [];
  const day_random = seededRandom(11);
  for (let at = 0; at < 80_000; ) {
    at += day_random.exponential(Math.floor(at / 20_000) % 2 === 0 ? 0.02 : 0.04);
    day.push({
      ...{ arrivalMs: at, promptTokens: 1 + Math.floor(day_random.exponential(1 / 800)) },
      ...{ outputTokens: 1 + Math.floor(day_random.exponential(1 / 80)), prefix: { hashes: [], blockTokens: 16 } },
    });
  }
  const options = { requests: day, windowMs: 19_900, short: kinds[0]!, long: kinds[0]!, slo, compressible: 0, seed: 1 };
  const plan = planOverTime(options);

  test('sizes each window for itself in the twin; the boundary stays while nothing but the rate changes', () => {
    expect(plan.windows).toHaveLength(4);
    expect(plan.ok).toBe(true);
    expect(plan.moves.kept).toBeLessThanOrEqual(plan.moves.unhindered);
    const size = plan.windows.map(({ short, long }) => short + long);
    expect(size[1]!).toBeGreaterThan(size[0]!);
    expect(size[3]!).toBeGreaterThan(size[2]!);
    for (const one of plan.windows) expect(one.p99_ttft_ms).toBeLessThanOrEqual(slo.ttftP99Ms);
    expect(plan.usd_per_hour.screened.one_boundary).toBeLessThanOrEqual(plan.usd_per_hour.screened.fixed);
  });

  test('the same seed gives the same, with compression too; too few windows are an error', () => {
    const squeezed = { ...options, compressible: 0.75 };
    expect(planOverTime(squeezed)).toEqual(planOverTime(squeezed));
    expect(() => planOverTime({ ...options, windowMs: 60_000 })).toThrowError(
      expect.objectContaining({ code: 'config.range' }),
    );
  });
});

describe('lengths of windows', () => {
  const spread = (spanMs: number): readonly TraceRequest[] =>
    Array.from({ length: 200 }, (_, i) => ({
      ...{ arrivalMs: (spanMs * i) / 199, promptTokens: 10, outputTokens: 1 },
      prefix: { hashes: [], blockTokens: 16 },
    }));
  const plan = (spanMs: number, windowMs: number) =>
    planOverTime({
      ...{ requests: spread(spanMs), windowMs, short: kinds[0]!, long: kinds[0]!, slo, compressible: 0, seed: 1 },
    });
  const hintOf = (spanMs: number): string => {
    try {
      plan(spanMs, 2 * spanMs);
    } catch (error) {
      return (error as WeirError).hint!;
    }
    throw new Error('planned');
  };

  test.each([3500, 40_000, 3_599_000, 3_601_000, 100_000_000, 9e9])(
    'those that are told for %d ms can be planned',
    spanMs => {
      const ends = hintOf(spanMs).split(' to ');
      for (const text of [ends[0]!, ends.at(-1)!]) {
        const windowMs = parseDuration(text)!;
        expect(windowMs).toBeGreaterThanOrEqual(1000);
        expect(plan(spanMs, windowMs).windows.length).toBeGreaterThanOrEqual(3);
      }
    },
  );

  test('of a trace that is too short for any, that is said', () => {
    expect(hintOf(2500)).toBe('a trace of at least 3s');
  });
});

describe('less power', () => {
  test('is asked for until it breaks, caps fall with it, and the twin never draws more', () => {
    const { demand_response: cuts } = planFleet({
      ...{ requests, model: 'llama-3.1-8b', gpus: ['h100'], slo, seed: 1, clock: { now: () => 0 }, rate: 60 },
    });
    expect(cuts.length).toBeGreaterThan(1);
    expect(cuts.slice(0, -1).every(({ holds }) => holds)).toBe(true);
    for (const [i, { watts, most_watts: most, max_sequences: cap }] of cuts.entries()) {
      if (watts !== null) expect(watts).toBeLessThanOrEqual(most * (1 + 1e-9));
      if (i > 0) expect(cap[0]).toBeLessThan(cuts[i - 1]!.max_sequences[0]!);
    }
  });
});

test('what a cache holds is counted in the blocks that a trace cuts its prompts into', () => {
  const profile = { totalBlocks: 1000, blockTokens: 16 };
  const cut = (blockTokens: number, hashes: number[]) => [
    { prefix: { hashes: [], blockTokens: 16 } },
    { prefix: { hashes, blockTokens } },
  ];
  expect(cacheBlocksOf(profile, cut(512, [1, 2]))).toBe(31);
  expect(cacheBlocksOf(profile, cut(16, [1, 2]))).toBe(1000);
  expect(cacheBlocksOf(profile, cut(512, []))).toBe(1000);
  expect(cacheBlocksOf({ totalBlocks: 1, blockTokens: 16 }, cut(512, [1]))).toBe(1);
});
