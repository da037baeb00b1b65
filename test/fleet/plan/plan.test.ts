import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { LengthMix } from '#fleet/closed-form/length-mix.js';
import { arrivalPatterns } from '#fleet/plan/arrival-patterns.js';
import { candidates } from '#fleet/plan/candidates.js';
import { planFleet } from '#fleet/plan/plan.js';
import { verifyPool } from '#fleet/plan/verify.js';
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
