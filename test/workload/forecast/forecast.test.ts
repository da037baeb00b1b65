import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { forecast } from '#workload/forecast/forecaster.js';
import { scoreForecasts } from '#workload/forecast/score.js';
import { kindSeries } from '#workload/forecast/series.js';
import { NO_PREFIX } from '#workload/traces/trace.js';

const counts = fc.array(fc.nat(10_000), { maxLength: 80 });

describe('a forecast', () => {
  test('is a number from zero on within its interval, whatever the series', () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 3 }), (series, ahead) => {
        const { mean, interval } = forecast(series, ahead);
        expect(mean).toBeGreaterThanOrEqual(0);
        expect(interval[0]).toBeLessThanOrEqual(mean);
        expect(interval[1]).toBeGreaterThanOrEqual(mean);
        expect(Number.isFinite(interval[1])).toBe(true);
      }),
    );
  });

  test('of what never changes is that', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.integer({ min: 3, max: 60 }), (value, length) => {
        const { mean } = forecast(new Array<number>(length).fill(value), 3);
        expect(mean).toBeCloseTo(value, 6);
      }),
    );
  });

  test('follows a steady rise, and is not led astray by noise', () => {
    const rise = Array.from({ length: 60 }, (_, i) => 100 + 5 * i);
    expect(forecast(rise, 1).mean).toBeGreaterThan(395);
    const random = seededRandom(4);
    const noise = Array.from({ length: 200 }, () => 100 + 20 * (random.next() - 0.5));
    expect(Math.abs(forecast(noise, 3).mean - 100)).toBeLessThan(4);
  });

  test('its interval holds about nine in ten of what comes', () => {
    const random = seededRandom(9);
    const poisson = (mean: number) => {
      let count = 0;
      for (let left = mean - random.exponential(1); left > 0; left -= random.exponential(1)) count++;
      return count;
    };
    const series = Array.from({ length: 400 }, (_, i) => poisson(60 + 30 * Math.sin(i / 40)));
    let held = 0;
    for (let at = 200; at < 400; at++) {
      const [low, high] = forecast(series.slice(0, at), 1).interval;
      if (series[at]! >= low && series[at]! <= high) held++;
    }
    expect(held / 200).toBeGreaterThan(0.83);
    expect(held / 200).toBeLessThan(0.97);
  });
});

describe('a score', () => {
  test('beats the last value on noise, and does not on a walk', () => {
    const random = seededRandom(2);
    const noise = Array.from({ length: 120 }, () => 50 + Math.floor(40 * random.next()));
    let level = 500;
    const walk = Array.from({ length: 120 }, () => {
      level += Math.floor(21 * random.next()) - 10;
      return level;
    });
    const onNoise = scoreForecasts([noise], 1, 40);
    expect(onNoise.count).toBe(40);
    expect(onNoise.forecast).toBeLessThan(0.85 * onNoise.lastValue);
    const onWalk = scoreForecasts([walk], 1, 40);
    expect(onWalk.forecast).toBeGreaterThan(0.9 * onWalk.lastValue);
  });

  test('uses nothing of what it forecasts: changing the last window changes only errors of that', () => {
    const series = Array.from({ length: 30 }, (_, i) => 10 + (i % 7));
    const before = scoreForecasts([series], 1, 10);
    const after = scoreForecasts([[...series.slice(0, -1), 1000]], 1, 10);
    const moved = (after.forecast - before.forecast) * before.count;
    expect(Math.abs(moved)).toBeLessThanOrEqual(1000);
    expect(Math.abs(moved)).toBeGreaterThan(900);
  });

  test('for one series, all by share is the forecast itself', () => {
    const series = Array.from({ length: 40 }, (_, i) => 5 + ((i * 7) % 11));
    const { forecast: own, aggregate } = scoreForecasts([series], 2, 12);
    expect(aggregate).toBeCloseTo(own, 9);
  });
});

describe('series of kinds', () => {
  test('count every request of a whole window once', () => {
    const request = fc.record({
      gap: fc.nat(5000),
      promptTokens: fc.integer({ min: 1, max: 9000 }),
      outputTokens: fc.nat(500),
    });
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 80 }), rows => {
        let arrivalMs = 0;
        const requests = rows.map(({ gap, ...lengths }) => {
          arrivalMs += gap;
          return { ...lengths, arrivalMs, prefix: NO_PREFIX };
        });
        const series = kindSeries(requests, 10_000);
        const first = requests[0]!.arrivalMs;
        const whole = Math.floor((arrivalMs - first) / 10_000) * 10_000;
        const counted = series.flatMap(one => one.requests).reduce((sum, n) => sum + n, 0);
        expect(counted).toBe(requests.filter(one => one.arrivalMs - first < whole).length);
      }),
    );
  });
});
