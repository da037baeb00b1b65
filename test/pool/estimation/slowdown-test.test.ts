import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { SlowdownTest } from '#pool/estimation/slowdown-test.js';

function residuals(seed: number, deviation: number) {
  const random = seededRandom(seed);
  return () => deviation * Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

/** Requests from the slowdown until it is found. */
function delay(seed: number, deviation: number): number {
  const draw = residuals(seed, deviation);
  const one = new SlowdownTest();
  for (let i = 0; i < 100; i++) one.observe(draw());
  one.slow = false;
  let requests = 0;
  do requests++;
  while (!(one.observe(Math.LN2 + draw()) && one.slow));
  return requests;
}

describe('the test for slow replicas', () => {
  test('gives at most one false alarm in 100,000 requests whose residuals deviate by 0.5', () => {
    const draw = residuals(11, 0.5);
    const one = new SlowdownTest();
    let alarms = 0;
    for (let i = 0; i < 400_000; i++) if (one.observe(draw()) && one.slow) alarms++;
    expect(alarms).toBeLessThanOrEqual(4);
  });

  test('finds nine of ten replicas that are twice as slow within 20 requests', () => {
    const delays = Array.from({ length: 300 }, (_, seed) => delay(seed, 0.5)).sort((a, b) => a - b);
    expect(delays[270]).toBeLessThanOrEqual(20);
  });

  test('takes longer, rather than crying wolf, where residuals scatter more', () => {
    const mean = (deviation: number) =>
      Array.from({ length: 100 }, (_, seed) => delay(seed, deviation)).reduce((sum, one) => sum + one) / 100;
    expect(mean(1)).toBeGreaterThan(1.5 * mean(0.5));
    const draw = residuals(12, 1);
    const one = new SlowdownTest();
    let alarms = 0;
    for (let i = 0; i < 100_000; i++) if (one.observe(draw()) && one.slow) alarms++;
    expect(alarms).toBeLessThanOrEqual(12);
  });

  test('no single request decides, however wild', () => {
    const one = new SlowdownTest();
    expect(one.observe(50)).toBe(false);
    expect(one.observe(Number.POSITIVE_INFINITY)).toBe(false);
    expect(one.slow).toBe(false);
  });

  test('lifts the verdict when the replica is as fast as its peers again', () => {
    const draw = residuals(3, 0.3);
    const one = new SlowdownTest();
    for (let i = 0; i < 40; i++) one.observe(Math.LN2 + draw());
    expect(one.slow).toBe(true);
    for (let i = 0; i < 40; i++) one.observe(draw());
    expect(one.slow).toBe(false);
  });
});
