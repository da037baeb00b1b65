import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { PrefillRate } from '#pool/estimation/prefill-rate.js';
import { QuantileLine } from '#pool/estimation/quantile-line.js';

describe('a line through a quantile', () => {
  test('is unknown before any observation and after a reset', () => {
    const line = new QuantileLine(0.5);
    expect(line.predict(1)).toBeUndefined();
    line.observe(1, 2);
    expect(line.predict(100)).toBe(2);
    line.reset();
    expect(line.predict(1)).toBeUndefined();
    expect(line.rise).toBeUndefined();
  });

  test('goes through points that lie on one, whatever the quantile', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        fc.double({ min: 0.01, max: 10, noNaN: true }),
        fc.double({ min: 0, max: 100, noNaN: true }),
        fc.array(fc.integer({ min: 1, max: 10_000 }), { minLength: 8, maxLength: 80 }),
        (quantile, slope, constant, xs) => {
          fc.pre(new Set(xs.slice(-64)).size > 4 && Math.max(...xs.slice(-64)) > 4 * Math.min(...xs.slice(-64)));
          const line = new QuantileLine(quantile);
          for (const x of xs) line.observe(x, constant + slope * x);
          expect(line.predict(500)).toBeCloseTo(constant + slope * 500, 1);
        },
      ),
    );
  });

  test('a quarter of wild observations hardly moves the median', () => {
    const random = seededRandom(5);
    const line = new QuantileLine(0.5);
    for (let i = 0; i < 64; i++) {
      const x = random.below(4000);
      line.observe(x, (20 + x / 10) * (i % 4 === 0 ? 5 : 1));
    }
    expect(line.predict(2000)! / 220).toBeLessThan(1.1);
    expect(line.predict(2000)! / 220).toBeGreaterThan(0.95);
  });

  test('forgets what has left the window', () => {
    const line = new QuantileLine(0.5, 16);
    for (let i = 0; i < 16; i++) line.observe(i * 100, 1e6);
    for (let i = 0; i < 16; i++) line.observe(i * 100, 50 + i * 10);
    expect(line.predict(1000)).toBeCloseTo(150, 3);
  });
});

test('the rate of a replica alone is found although others delay most requests now', () => {
  const random = seededRandom(9);
  const rate = new PrefillRate();
  for (let i = 0; i < 400; i++) {
    const tokens = 100 + random.below(4000);
    // 20 tokens a millisecond; two of three requests find others' prompts ahead.
    const others = i % 3 === 0 ? 0 : random.below(6000);
    rate.observe(tokens, 15 + (tokens + others) / 20, true);
  }
  expect(rate.alone).toBeGreaterThan(15);
  expect(rate.alone).toBeLessThan(26);
  rate.reset();
  expect(rate.alone).toBeUndefined();
  expect(rate.expected(100)).toBeUndefined();
});
