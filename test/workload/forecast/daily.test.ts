import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { type CountSeries, SpanCounts, sinceFirst } from '#workload/forecast/count-series.js';
import { forecastByDay } from '#workload/forecast/daily.js';
import { forecast } from '#workload/forecast/forecaster.js';
import { lastValue } from '#workload/forecast/last-value.js';

const MINUTE = 60_000;
const WINDOW = 5 * MINUTE;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('counts of spans', () => {
  test('are those of the spans that have ended, zeroes between, the last so many', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.nat(5)), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 12 }), fc.integer({ min: -100, max: 100 }), (given, keep, from) => {
        const spans = new SpanCounts(10, keep);
        const added: (readonly [at: number, count: number])[] = [];
        let now = from;
        for (const [gap, count] of given) {
          now += gap;
          added.push([now, count]);
          spans.add(now, count);
        }
        const first = Math.floor(added[0]![0] / 10);
        const open = Math.floor(now / 10);
        const start = Math.max(first, open - keep);
        const expected = Array.from({ length: open - start }, (_, i) =>
          added.filter(([at]) => Math.floor(at / 10) === start + i).reduce((sum, [, count]) => sum + count, 0),
        );
        expect(spans.whole(now)).toEqual({ from: 10 * start, stepMs: 10, counts: expected });
      }),
    );
  });

  test('none before the first', () => {
    expect(new SpanCounts(10, 3).whole(1000).counts).toEqual([]);
    const cut = sinceFirst({ from: 100, stepMs: 10, counts: [0, 0, 4, 0, 2] });
    expect(cut).toEqual({ from: 120, stepMs: 10, counts: [4, 0, 2] });
    expect(sinceFirst({ from: 100, stepMs: 10, counts: [0, 0] }).counts).toEqual([]);
  });
});

/** Windows and hours of some days of a load, up to a time. */
function seen(rate: (at: number) => number, until: number): { windows: CountSeries; hours: CountSeries } {
  const of = (stepMs: number, from: number): CountSeries => {
    const counts: number[] = [];
    for (let at = from; at + stepMs <= until; at += stepMs) {
      let count = 0;
      for (let part = at; part < at + stepMs; part += MINUTE) count += rate(part);
      counts.push(count);
    }
    return { from, stepMs, counts };
  };
  return { windows: of(WINDOW, Math.max(0, until - DAY)), hours: of(HOUR, 0) };
}

const sun = (at: number) => 100 + 80 * Math.sin((2 * Math.PI * at) / DAY);

describe('a forecast by day', () => {
  test('is that without days where there were none before the windows', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(500), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 6 }),
        (counts, ahead) => {
          const windows = { from: 0, stepMs: WINDOW, counts };
          const hours = { from: 0, stepMs: HOUR, counts: counts.filter((_, i) => i % 12 === 0) };
          expect(forecastByDay(windows, hours, ahead)).toEqual(forecast(counts, ahead));
        },
      ),
    );
  });

  test('knows of a turn of the day that smoothing runs past, once two days have been seen', () => {
    const random = seededRandom(3);
    const rate = (at: number) => sun(at) * (0.9 + 0.2 * random.next());
    const peak = 3 * DAY + DAY / 4;
    const { windows, hours } = seen(rate, peak - 30 * MINUTE);
    const ahead = 18;
    const truth = 5 * sun(peak - 30 * MINUTE + (ahead - 0.5) * WINDOW);
    const error = (mean: number) => Math.abs(mean - truth);
    const { mean, interval } = forecastByDay(windows, hours, ahead);
    expect(error(mean)).toBeLessThan(0.5 * error(forecast(windows.counts, ahead).mean));
    expect(interval[0]).toBeLessThan(truth);
    expect(interval[1]).toBeGreaterThan(truth);
  });

  test('follows a day that is not as those before: what is now counts', () => {
    const rate = (at: number) => sun(at) * (at >= 2 * DAY + 12 * HOUR ? 2 : 1);
    const until = 3 * DAY - 6 * HOUR;
    const { windows, hours } = seen(rate, until);
    const truth = 5 * rate(until + WINDOW / 2);
    expect(Math.abs(forecastByDay(windows, hours, 1).mean - truth)).toBeLessThan(0.1 * truth);
  });

  test('uses nothing of days where they only mislead', () => {
    const random = seededRandom(5);
    const usual = Array.from({ length: 96 }, () => 20 + 400 * random.next());
    const rate = (at: number) => usual[Math.floor(at / HOUR) % 96]!;
    const { windows, hours } = seen(rate, 3 * DAY);
    expect(forecastByDay(windows, hours, 1)).toEqual(forecast(windows.counts, 1));
  });

  test('is a count within its interval, whatever came', () => {
    const anything = fc.array(fc.nat(1000), { minLength: 24, maxLength: 80 });
    fc.assert(
      fc.property(anything, anything, fc.integer({ min: 1, max: 6 }), (counts, past, ahead) => {
        const windows = { from: past.length * HOUR, stepMs: WINDOW, counts };
        const { mean, interval } = forecastByDay(windows, { from: 0, stepMs: HOUR, counts: past }, ahead);
        expect(interval[0]).toBeGreaterThanOrEqual(0);
        expect(interval[0]).toBeLessThanOrEqual(mean);
        expect(interval[1]).toBeGreaterThanOrEqual(mean);
        expect(Number.isFinite(interval[1])).toBe(true);
      }),
    );
  });
});

test('the last value stays, within what changes so far were', () => {
  expect(lastValue([], 1)).toEqual({ mean: 0, interval: [0, 0] });
  expect(lastValue([7, 7, 7, 7], 2)).toEqual({ mean: 7, interval: [7, 7] });
  const { mean, interval } = lastValue([0, 10, 0, 10], 1);
  expect([mean, interval[1]]).toEqual([10, expect.closeTo(10 + 16.45, 6)]);
});
