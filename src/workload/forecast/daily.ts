import type { Milliseconds } from '#contract/units.js';
import type { CountSeries } from './count-series.js';
import { type Forecast, MOST_HISTORY, smoothed, withinReach } from './forecaster.js';

const HOUR: Milliseconds = 3_600_000;
const DAY_HOURS = 24;

/** What is usual at a time of day, in counts a millisecond. */
type UsualRate = (at: Milliseconds) => number;

/**
 * Forecasts a series with what was usual at that time on the days before. The usual rate of a time is the mean over days of the hour that it is in, between
 * the middles of hours linear. What is forecast by smoothing ({@link smoothed}) is by how much it is above or below that. It is used only where
 * it would have forecast the windows so far better than smoothing alone (mean absolute error, at the very same distance), with the usual rate of days
 * before those windows; so a series without days, or with few of them, is forecast without.
 *
 * @param windows of up to an hour each.
 * @param hours whole hours of the same, in the time of the same clock.
 * @param ahead windows ahead, from 1.
 */
export function forecastByDay(windows: CountSeries, hours: CountSeries, ahead: number): Forecast {
  const { stepMs } = windows;
  const series = windows.counts.slice(-MOST_HISTORY);
  const plain = smoothed(series, ahead);
  const from = windows.from + (windows.counts.length - series.length) * stepMs;
  const usualBefore = usualRate(hours, from);
  const usual = usualRate(hours, from + series.length * stepMs);
  if (usualBefore !== undefined && usual !== undefined) {
    const expected = (rate: UsualRate, i: number) => stepMs * rate(from + (i + 0.5) * stepMs);
    const above = (rate: UsualRate) => series.map((count, i) => count - expected(rate, i));
    const tried = smoothed(above(usualBefore), ahead);
    if (tried.error < plain.error) {
      return withinReach(smoothed(above(usual), ahead).mean + expected(usual, series.length - 1 + ahead), tried.spread);
    }
  }
  return withinReach(plain.mean, plain.spread);
}

/** By the hours that ended by then; `undefined` where they do not make a whole day. */
function usualRate({ from, stepMs, counts }: CountSeries, until: Milliseconds): UsualRate | undefined {
  const whole = counts.slice(0, Math.max(0, Math.floor((until - from) / stepMs)));
  if (whole.length < DAY_HOURS) return undefined;
  const first = Math.round(from / HOUR);
  const means = Array.from({ length: DAY_HOURS }, (_, hour) => {
    const days = whole.filter((_, i) => modulo(first + i, DAY_HOURS) === hour);
    return days.reduce((sum, count) => sum + count, 0) / days.length / HOUR;
  });
  return at => {
    const place = at / HOUR - 0.5;
    const hour = Math.floor(place);
    const [before, after] = [means[modulo(hour, DAY_HOURS)]!, means[modulo(hour + 1, DAY_HOURS)]!];
    return before + (place - hour) * (after - before);
  };
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
