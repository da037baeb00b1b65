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
  if (series.length === 0) return { mean: 0, spread: 0, error: Number.POSITIVE_INFINITY };
  let best = GRID[0]!;
  let least = Number.POSITIVE_INFINITY;
  for (const smoothing of GRID) {
    const error = meanError(errorsOf(series, ahead, smoothing));
    if (error < least) [best, least] = [smoothing, error];
  }
  const spread = spreadOf(errorsOf(series, ahead, best)) ?? Math.abs(series.at(-1)!);
  return { mean: valueAt(stateAfter(series, best), ahead, best), spread, error: least };
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

interface State {
  readonly level: number;
  readonly slope: number;
}

function begin(series: readonly number[]): State {
  return { level: series[0]!, slope: 0 };
}

function step({ level, slope }: State, value: number, smoothing: Smoothing): State {
  const expected = level + smoothing.damping * slope;
  const next = expected + smoothing.level * (value - expected);
  return {
    level: next,
    slope: smoothing.trend * (next - level) + (1 - smoothing.trend) * smoothing.damping * slope,
  };
}

function stateAfter(series: readonly number[], smoothing: Smoothing): State {
  let state = begin(series);
  for (let i = 1; i < series.length; i++) state = step(state, series[i]!, smoothing);
  return state;
}

/** Level and the slope that is left of it, h windows on: ℓ + (φ + φ² + … + φʰ)·b. */
function valueAt({ level, slope }: State, ahead: number, { damping }: Smoothing): number {
  let sum = 0;
  for (let i = 1; i <= ahead; i++) sum += damping ** i;
  return level + sum * slope;
}

/** Errors of forecasts `ahead` windows on, each made from what came before it. The first third of the series only warms up. */
function errorsOf(series: readonly number[], ahead: number, smoothing: Smoothing): readonly number[] {
  const errors: number[] = [];
  const from = Math.floor(series.length / 3);
  let state = begin(series);
  for (let i = 0; i + ahead < series.length; i++) {
    if (i > 0) state = step(state, series[i]!, smoothing);
    if (i >= from) errors.push(series[i + ahead]! - valueAt(state, ahead, smoothing));
  }
  return errors;
}

function meanError(errors: readonly number[]): number {
  if (errors.length === 0) return Number.POSITIVE_INFINITY;
  return errors.reduce((sum, error) => sum + Math.abs(error), 0) / errors.length;
}
