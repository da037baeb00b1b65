/** A forecast of a series, so many windows ahead. */
export interface Forecast {
  readonly mean: number;
  /** Where nine in ten of such forecasts would have been right, by the errors on the series so far. */
  readonly interval: readonly [low: number, high: number];
}

interface Smoothing {
  readonly level: number;
  readonly trend: number;
  readonly damping: number;
}

/** Parameters that are tried: level and trend of Holt's method, damping after Gardner and McKenzie (1985). A trend of 0 is simple smoothing. */
const GRID: readonly Smoothing[] = [0.1, 0.2, 0.35, 0.5, 0.7, 0.9].flatMap(level => [
  { level, trend: 0, damping: 0 },
  ...[0.05, 0.2].flatMap(trend => [0.8, 0.95].map(damping => ({ level, trend, damping }))),
]);

/** Windows that are looked back over: a day of five minutes each. */
export const MOST_HISTORY = 288;
/** 90 % of a normal distribution. */
const TWO_SIDED_90 = 1.645;

/**
 * Forecasts a series by exponential smoothing with a damped trend. Level, trend and damping are those of a grid that would have forecast the series so
 * far best at the very same distance (mean absolute error), so nothing of the future is used. Never below zero: what is forecast are counts.
 *
 * @param history values of windows of one length, oldest first.
 * @param ahead windows ahead, from 1.
 */
export function forecast(history: readonly number[], ahead: number): Forecast {
  const { mean, spread } = smoothed(history.slice(-MOST_HISTORY), ahead);
  return withinReach(mean, spread);
}

/** What smoothing says of a series, of any sign. */
export interface Smoothed {
  readonly mean: number;
  /** Root of the mean square of its errors on the series so far. */
  readonly spread: number;
  /** Mean of their absolute values; infinite while there are none. */
  readonly error: number;
}

/** The smoothing of the grid that would have forecast a series best, and what it says. */
export function smoothed(series: readonly number[], ahead: number): Smoothed {
  let best: Smoothed | undefined;
  for (const smoothing of GRID) {
    const tried = run(series, ahead, smoothing);
    if (best === undefined || tried.error < best.error) best = tried;
  }
  return best!;
}

/** Root of the mean square of errors; `undefined` for fewer than two. */
export function spreadOf(errors: readonly number[]): number | undefined {
  if (errors.length < 2) return undefined;
  return Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length);
}

/** A forecast of a count, with the interval of a normal distribution. Never below zero. */
export function withinReach(mean: number, spread: number): Forecast {
  const count = Math.max(0, mean);
  return { mean: count, interval: [Math.max(0, count - TWO_SIDED_90 * spread), count + TWO_SIDED_90 * spread] };
}

/**
 * Smooths a series and forecasts each of its values from what came `ahead` windows before it. Only errors after the first third count, until which it warms
 * up. In one pass and without objects: a gateway does this for all of its pools between requests.
 */
function run(series: readonly number[], ahead: number, { level: alpha, trend, damping }: Smoothing): Smoothed {
  // What is left of a slope h windows on: φ + φ² + … + φʰ.
  let reach = 0;
  for (let i = 1; i <= ahead; i++) reach += damping ** i;
  const from = Math.floor(series.length / 3);
  let level = series[0] ?? 0;
  let slope = 0;
  let [absolute, squares, count] = [0, 0, 0];
  for (let i = 0; i < series.length; i++) {
    if (i > 0) {
      const expected = level + damping * slope;
      const next = expected + alpha * (series[i]! - expected);
      slope = trend * (next - level) + (1 - trend) * damping * slope;
      level = next;
    }
    if (i < from || i + ahead >= series.length) continue;
    const error = series[i + ahead]! - (level + reach * slope);
    absolute += Math.abs(error);
    squares += error * error;
    count++;
  }
  return {
    mean: level + reach * slope,
    spread: count < 2 ? Math.abs(series.at(-1) ?? 0) : Math.sqrt(squares / count),
    error: count > 0 ? absolute / count : Number.POSITIVE_INFINITY,
  };
}
