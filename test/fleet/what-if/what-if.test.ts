import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { meanInterval, studentT } from '#fleet/what-if/student.js';
import { differenceOf, whatIf } from '#fleet/what-if/what-if.js';
import { poolSchema } from '#pool/schema.js';
import type { TraceRequest } from '#workload/traces/trace.js';

describe("Student's t", () => {
  test.each([
    [1, 12.706],
    [2, 4.303],
    [3, 3.182],
    [4, 2.776],
    [9, 2.262],
    [30, 2.042],
    [63, 1.998],
  ])('with %d degrees of freedom is within %d at 95 %%', (freedom, expected) => {
    expect(studentT(0.95, freedom)).toBeCloseTo(expected, 3);
  });

  test('intervals cover the true mean of normal values as often as they say', () => {
    const random = seededRandom(7);
    const normal = () => Math.sqrt(2 * random.exponential(1)) * Math.cos(2 * Math.PI * random.next());
    let covered = 0;
    const rounds = 4000;
    for (let i = 0; i < rounds; i++) {
      const { interval } = meanInterval([3 + normal(), 3 + normal(), 3 + normal(), 3 + normal()], 0.95);
      if (interval[0] <= 3 && 3 <= interval[1]) covered++;
    }
    expect(covered / rounds).toBeGreaterThan(0.94);
    expect(covered / rounds).toBeLessThan(0.96);
  });
});

describe('a difference', () => {
  const values = fc.array(
    fc.tuple(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.double({ min: 0, max: 1e6, noNaN: true })),
    {
      minLength: 2,
      maxLength: 8,
    },
  );

  test('turned round has the opposite sign and the opposite verdict', () => {
    const opposite = { better: 'worse', worse: 'better', same: 'same', 'not shown': 'not shown' };
    fc.assert(
      fc.property(values, pairs => {
        const one = differenceOf(pairs, 'lower');
        const other = differenceOf(
          pairs.map(([a, b]) => [b, a] as const),
          'lower',
        );
        expect(other.difference).toBeCloseTo(-one.difference, 6);
        expect(other.verdict).toBe(opposite[one.verdict]);
        expect(differenceOf(pairs, 'higher').verdict).toBe(opposite[one.verdict]);
      }),
    );
  });

  test('by rounding alone is none, in the intervals either', () => {
    const third = 0.1 + 0.2;
    const pairs = [
      [0.3, third],
      [third, 0.3],
    ] as const;
    expect(differenceOf(pairs, 'lower')).toMatchObject({ verdict: 'same', difference: 0, interval: [0, 0] });
    const { first, first_interval: interval } = differenceOf(pairs, 'lower');
    expect(interval).toEqual([first, first]);
    expect(
      differenceOf(
        [
          [0.3, 0.300001],
          [0.3, 0.300001],
        ],
        'lower',
      ).verdict,
    ).toBe('worse');
  });

  test('that is the same in every pair is shown, one that differs in sign is not', () => {
    expect(
      differenceOf(
        [
          [3, 2],
          [5, 4],
        ],
        'lower',
      ),
    ).toMatchObject({ verdict: 'better', interval: [-1, -1], relative: -0.25 });
    expect(
      differenceOf(
        [
          [3, 2],
          [5, 7],
        ],
        'lower',
      ).verdict,
    ).toBe('not shown');
    expect(
      differenceOf(
        [
          [0, 0],
          [0, 0],
        ],
        'higher',
      ),
    ).toMatchObject({ verdict: 'same', relative: null });
  });
});

describe('what if', () => {
  const random = seededRandom(3);
  let at = 0;
  const requests: readonly TraceRequest[] = Array.from({ length: 200 }, () => {
    at += random.exponential(0.02);
    return {
      arrivalMs: at,
      promptTokens: 1 + random.below(2000),
      outputTokens: 1 + random.below(80),
      prefix: { hashes: [], blockTokens: 16 },
    };
  });
  const pool = (replicas: number) =>
    poolSchema.parse({
      models: { m: {} },
      pools: {
        p: {
          model: 'm',
          replicas: Array.from({ length: replicas }, (_, i) => ({ url: 'http://127.0.0.1:9', id: `${i}` })),
        },
      },
    });
  const simulated = (replicas: number) => {
    const config = pool(replicas);
    const simulate = { replicas, model: 'llama-3.1-8b', gpu: 'h100', tp: 1, speed: 1, seed: 1 };
    return { pool: { ...config, pools: { p: { ...config.pools.p!, simulate } } } };
  };
  const options = {
    seeds: [1, 2, 3],
    ...{ requests, arrivals: { rateScale: 1 }, threads: 2 },
    clock: { now: () => 0 },
  };

  test('a configuration against itself is the same in every metric', async () => {
    const report = await whatIf({ first: simulated(2), second: simulated(2), ...options });
    for (const one of Object.values(report.metrics)) expect(one).toMatchObject({ verdict: 'same', difference: 0 });
  });

  test('twice the replicas cost twice as much and answer sooner; the runs are told in the order of their seeds', async () => {
    const seen: string[] = [];
    const { metrics, runs } = await whatIf({
      ...{ first: simulated(1), second: simulated(2), ...options },
      progress: (run, of, seed, which) => seen.push(`${run}/${of} ${seed} ${which}`),
    });
    expect(metrics.usd_per_hour).toMatchObject({ relative: 1, verdict: 'worse' });
    expect(metrics.ttft_mean_ms).toMatchObject({ verdict: 'better' });
    expect(runs.map(({ seed }) => seed)).toEqual([1, 2, 3]);
    expect(seen.map(line => line.slice(0, 3))).toEqual(['1/6', '2/6', '3/6', '4/6', '5/6', '6/6']);
    const which = seen.map(line => line.slice(4)).sort();
    expect(which).toEqual(['1 first', '1 second', '2 first', '2 second', '3 first', '3 second']);
    for (const threads of [0, 1]) {
      const alone = await whatIf({ ...{ first: simulated(1), second: simulated(2), ...options }, threads });
      expect(alone.metrics).toEqual(metrics);
    }
  });
});
