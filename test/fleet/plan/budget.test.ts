import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { arrivalPatterns } from '#fleet/plan/arrival-patterns.js';
import { carriedRate } from '#fleet/plan/budget.js';
import { planFleet } from '#fleet/plan/plan.js';
import type { FoundFleets } from '#fleet/plan/search.js';
import { verifyPool } from '#fleet/plan/verify.js';
import { findGpu } from '#pool/engine/hardware.js';
import { engineProfile } from '#pool/engine/profile.js';
import type { TraceRequest } from '#workload/traces/trace.js';

const random = seededRandom(5);
let arrivalMs = 0;
const requests: readonly TraceRequest[] = Array.from({ length: 160 }, () => {
  arrivalMs += random.exponential(0.02);
  return {
    ...{ arrivalMs, promptTokens: 1 + Math.floor(random.exponential(1 / 800)) },
    outputTokens: 1 + Math.floor(random.exponential(1 / 80)),
    prefix: { hashes: [], blockTokens: 16 },
  };
});

describe('the rate of a budget', () => {
  /** What a fleet costs at a rate, by a search that finds more or less good ones: it may cost less at a higher rate. */
  const searched =
    (seed: number, usdPerRate: number, least: number, luck: number, asked: number[] = []) =>
    (rate: number): FoundFleets => {
      asked.push(rate);
      const drawn = seededRandom(seed).fork(rate.toFixed(9)).next();
      const usdPerHour = Math.max(least, rate * usdPerRate * (1 + luck * drawn));
      return { ...({} as FoundFleets), rate, held: [{ pools: [], usdPerHour }] };
    };
  const worlds = fc.record({
    ...{ seed: fc.nat(1e6), usdPerRate: fc.double({ min: 0.05, max: 5, noNaN: true }) },
    ...{ least: fc.double({ min: 0, max: 8, noNaN: true }), luck: fc.double({ min: 0, max: 2, noNaN: true }) },
  });
  const budgets = fc.tuple(
    fc.double({ min: 0.01, max: 500, noNaN: true }),
    fc.double({ min: 0.01, max: 500, noNaN: true }),
  );

  test('fits it, the next does not, no rate is asked for twice, and more money never carries less', () => {
    fc.assert(
      fc.property(worlds, budgets, ({ seed, usdPerRate, least, luck }, sums) => {
        const rates = [...sums]
          .sort((a, b) => a - b)
          .map(budget => {
            const asked: number[] = [];
            const at = searched(seed, usdPerRate, least, luck, asked);
            if (budget < least) {
              expect(() => carriedRate(3, budget, at)).toThrow(
                expect.objectContaining({ code: 'config.range', path: 'budget' }),
              );
              return 0;
            }
            const { found, above } = carriedRate(3, budget, at);
            expect(found.held[0]!.usdPerHour).toBeLessThanOrEqual(budget);
            expect(above!.held[0]!.usdPerHour).toBeGreaterThan(budget);
            expect(above!.rate / found.rate).toBeCloseTo(1.02, 9);
            expect(new Set(asked).size).toBe(asked.length);
            expect(asked.length).toBeLessThan(30);
            return found.rate;
          });
        expect(rates[1]).toBeGreaterThanOrEqual(rates[0]!);
      }),
    );
  });

  test('ends where nothing breaks; what carries nothing is told what would, to the cent', () => {
    const all = carriedRate(1, 10, rate => ({ ...searched(1, 1, 5, 0)(rate), held: [{ pools: [], usdPerHour: 5 }] }));
    expect(all.above).toBeUndefined();
    expect(all.found.rate).toBeGreaterThan(10_000);
    const refused = () => carriedRate(1, 4.999, searched(1, 1, 5.001, 0));
    expect(refused).toThrow(
      expect.objectContaining({ hint: '5.01/h or more', message: expect.stringContaining('$5.01') }),
    );
    const never = (rate: number): FoundFleets => ({ ...searched(1, 1, 1, 0)(rate), held: [] });
    expect(() => carriedRate(1, 4, never)).toThrow(expect.objectContaining({ code: 'config.range', path: 'slo' }));
  });
});

describe('a plan within a budget', () => {
  const slo = { ttftP99Ms: 400, tpotMs: 50 };
  const options = { requests, model: 'llama-3.1-8b', gpus: ['h100', 'l40s'], slo, seed: 1, clock: { now: () => 0 } };
  const sums = [2, 4.5, 9];
  const plans = sums.map(budget => planFleet({ ...options, budget }));

  test('is the plan of that rate, costs no more, and the next rate costs more', () => {
    for (const [i, { best, budget, rate }] of plans.entries()) {
      expect(best!.usd_per_hour).toBeLessThanOrEqual(sums[i]!);
      expect(budget!.left_usd_per_hour).toBeCloseTo(sums[i]! - best!.usd_per_hour, 9);
      expect(budget!.rate).toBe(rate);
      expect(budget!.more!.fleet!.usd_per_hour).toBeGreaterThan(sums[i]!);
    }
    const { best, pareto, sensitivity, rate, budget } = plans[1]!;
    const asked = planFleet({ ...options, rate });
    expect({ best, pareto, sensitivity }).toEqual({
      ...{ best: asked.best, pareto: asked.pareto, sensitivity: asked.sensitivity },
    });
    expect(asked.budget).toBeNull();
    expect(budget!.more!.fleet).toEqual(planFleet({ ...options, rate: budget!.more!.rate }).best);
    expect(plans[1]!.rate).toBeGreaterThan(plans[0]!.rate);
    expect(plans[2]!.rate).toBeGreaterThan(plans[1]!.rate);
  });

  test('says what its fleet does at the next rate, as playing it there gives, and what binds', () => {
    for (const { best, budget } of plans) {
      const { rate, this_fleet: told } = budget!.more!;
      const own = (1000 * (requests.length - 1)) / (requests.at(-1)!.arrivalMs - requests[0]!.arrivalMs);
      const patterns = arrivalPatterns(requests, rate / own, [1, 2, 3]);
      let above = 0;
      const verdicts = best!.pools.map(({ gpu, tp, replicas, boundary }) => {
        const profile = engineProfile({
          ...{ model: 'llama-3.1-8b', gpu, tp, contextTokens: 131_072 },
          maxBatchedTokens: gpu === 'h100' ? 8192 : 2048,
        });
        const kind = { profile, usdPerHour: 0, price: findGpu(gpu).prices[0]! };
        const pool = { kind, replicas, above, upTo: boundary ?? Number.POSITIVE_INFINITY };
        above = pool.upTo;
        return verifyPool(pool, patterns, slo);
      });
      expect(told.p99_ttft_ms).toBeCloseTo(Math.max(...verdicts.map(({ p99TtftMs }) => p99TtftMs)), 6);
      expect(told.holds).toBe(verdicts.every(({ ok }) => ok));
      expect(budget!.binds.includes('ttft')).toBe(told.p99_ttft_ms > slo.ttftP99Ms);
      expect(budget!.binds).toContain('price');
      expect(budget!.because.length).toBeGreaterThanOrEqual(budget!.binds.length);
    }
  });

  test('tells of memory for KV that is full: answers that outgrow it, and objectives that would allow them', () => {
    const long = requests.map(request => ({ ...request, promptTokens: 400, outputTokens: 3000 }));
    const loose = { ttftP99Ms: 2000, tpotMs: 1000 };
    const { best, budget } = planFleet({ ...options, requests: long, gpus: ['l40s'], slo: loose, budget: 2 });
    expect(best!.pools[0]).toMatchObject({ gpu: 'l40s', tp: 1, replicas: 1 });
    expect(budget!.more!.this_fleet.preempted).toBeGreaterThan(0.01);
    expect(budget!.binds).toContain('kv');
    expect(budget!.because.join()).toMatch(/memory for KV is short: .* preemptions a request/);
    expect(plans.flatMap(plan => plan.budget!.binds)).not.toContain('kv');
  });

  test('what carries nothing is told the least that does, and that much is enough', () => {
    const wish = { ...options, gpus: ['h100'] };
    let told = '';
    try {
      planFleet({ ...wish, budget: 1 });
    } catch (error) {
      told = (error as { hint?: string }).hint ?? '';
    }
    const enough = Number(/^([\d.]+)\/h/.exec(told)![1]);
    const own = (1000 * (requests.length - 1)) / (requests.at(-1)!.arrivalMs - requests[0]!.arrivalMs);
    expect(planFleet({ ...wish, rate: own / 25_000 }).best!.usd_per_hour).toBeLessThanOrEqual(enough);
    expect(planFleet({ ...wish, rate: own / 25_000 }).best!.usd_per_hour).toBeGreaterThan(enough - 0.01);
    expect(() => planFleet({ ...wish, budget: 100, slo: { ttftP99Ms: 0.001, tpotMs: 50 } })).toThrow(
      expect.objectContaining({ path: 'slo' }),
    );
  });
});
