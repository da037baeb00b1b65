import fc from 'fast-check';
import { expect, test } from 'vitest';
import { distributionOf } from '#contract/distribution.js';
import { seededRandom } from '#contract/random.js';
import { Autoscaler } from '#fleet/twin/autoscaler.js';
import { Quantiles } from '#fleet/twin/quantiles.js';

test('few values are told exactly; many within half a per cent, and the mean exactly', () => {
  const random = seededRandom(4);
  const values = Array.from({ length: 100_000 }, () => Math.exp(14 * random.next() - 4));
  for (const count of [1, 1000, 65_536, 65_537, 100_000]) {
    const some = values.slice(0, count);
    const sketch = new Quantiles();
    for (const value of some) sketch.add(value);
    const [told, exact] = [sketch.distribution(), distributionOf(some)];
    const within = count <= 65_536 ? 1e-12 : 0.005;
    for (const key of ['p50', 'p90', 'p99'] as const)
      expect(Math.abs(told[key] / exact[key] - 1)).toBeLessThanOrEqual(within);
    expect(Math.abs(told.mean / exact.mean - 1)).toBeLessThan(1e-9);
  }
});

test('sketches of parts add up to the sketch of the whole', () => {
  const random = seededRandom(9);
  const [whole, left, right] = [new Quantiles(), new Quantiles(), new Quantiles()];
  for (let i = 0; i < 150_000; i++) {
    const value = random.exponential(0.01);
    whole.add(value);
    (i % 2 === 0 ? left : right).add(value);
  }
  left.merge(right);
  expect(left.count).toBe(whole.count);
  const [a, b] = [left.distribution(), whole.distribution()];
  expect([a.p50, a.p90, a.p99]).toEqual([b.p50, b.p90, b.p99]);
});

test('the autoscaler keeps within its bounds, goes up at once and down only as far as was not wanted for the cool-down', () => {
  const settings = { target: 10, min: 2, max: 8, cool_down: 5000 };
  const scaler = new Autoscaler(settings);
  expect(scaler.decide(0, 2, 2, 30)).toBe(6);
  expect(scaler.decide(1000, 6, 6, 10.5)).toBe(6);
  expect(scaler.decide(2000, 6, 6, 5)).toBe(6);
  expect(scaler.decide(6000, 6, 6, 5)).toBe(6);
  expect(scaler.decide(7000, 6, 6, 5)).toBe(3);
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ total: fc.integer({ min: 1, max: 20 }), value: fc.double({ min: 0, max: 1e6, noNaN: true }) }),
      ),
      list => {
        const any = new Autoscaler(settings);
        for (const [i, { total, value }] of list.entries()) {
          const count = any.decide(i * 1000, total, total, value);
          expect(count).toBeGreaterThanOrEqual(2);
          expect(count).toBeLessThanOrEqual(Math.max(8, total));
        }
      },
    ),
  );
});
