import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { LatencyEstimator } from '#pool/estimation/latency.js';
import { FadingMean } from '#pool/estimation/mean.js';
import { TtftRegression } from '#pool/estimation/ttft-regression.js';

describe('time to first token', () => {
  test('is unknown before any observation, and the one observation after the first', () => {
    const line = new TtftRegression();
    expect(line.predict(100)).toBeUndefined();
    line.observe(100, 40);
    expect(line.predict(5000)).toBe(40);
  });

  test('finds the prefill rate and the constant part from noisy observations', () => {
    const random = seededRandom(3);
    const line = new TtftRegression();
    for (let i = 0; i < 64; i++) {
      const tokens = random.below(8000);
      line.observe(tokens, 20 + tokens / 10 + (random.next() - 0.5) * 4);
    }
    expect(line.predict(4000)).toBeGreaterThan(415);
    expect(line.predict(4000)).toBeLessThan(425);
    expect(line.predict(16_000)).toBeGreaterThan(1600);
    expect(line.predict(16_000)).toBeLessThan(1640);
  });

  test('forgets what is older than its window', () => {
    const line = new TtftRegression();
    for (let i = 0; i < 64; i++) line.observe(i * 100, 5000 + i);
    for (let i = 0; i < 64; i++) line.observe(i * 100, 10 + i * 10);
    expect(line.predict(3200)).toBeCloseTo(330, 6);
  });

  test('never falls below the fastest of the window, nor with longer prompts, and ignores nonsense', () => {
    const point = fc.record({
      tokens: fc.oneof(fc.integer({ min: -5, max: 100_000 }), fc.constant(Number.NaN)),
      ms: fc.oneof(fc.double({ min: -5, max: 60_000, noNaN: true }), fc.constant(Number.POSITIVE_INFINITY)),
    });
    fc.assert(
      fc.property(fc.array(point, { maxLength: 100 }), points => {
        const line = new TtftRegression();
        for (const { tokens, ms } of points) line.observe(tokens, ms);
        const good = points.filter(({ tokens, ms }) => tokens >= 0 && ms >= 0 && Number.isFinite(ms)).slice(-64);
        expect(line.count).toBe(good.length);
        if (good.length === 0) return;
        const floor = Math.min(...good.map(({ ms }) => ms));
        let last = 0;
        for (const tokens of [0, 10, 1000, 50_000, 1_000_000]) {
          const predicted = line.predict(tokens)!;
          expect(Number.isFinite(predicted)).toBe(true);
          expect(predicted).toBeGreaterThanOrEqual(Math.max(floor, last));
          last = predicted;
        }
      }),
    );
  });
});

test('a fading mean is the plain mean at first, then follows', () => {
  const mean = new FadingMean(0.1);
  expect(mean.value).toBeUndefined();
  mean.observe(10);
  mean.observe(20);
  mean.observe(Number.NaN);
  expect(mean.value).toBe(15);
  for (let i = 0; i < 200; i++) mean.observe(100);
  expect(mean.value).toBeCloseTo(100, 3);
});

test('time per token counts the tokens after the first', () => {
  const latency = new LatencyEstimator();
  latency.ended(1, 500);
  latency.ended(0, 500);
  expect(latency.tpotMs).toBeUndefined();
  latency.ended(11, 200);
  expect(latency.tpotMs).toBe(20);
});
