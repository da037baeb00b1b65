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
const MOST_HISTORY = 288;
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
  const series = history.slice(-MOST_HISTORY);
  if (series.length === 0) return { mean: 0, interval: [0, 0] };
  let best = GRID[0]!;
  let least = Number.POSITIVE_INFINITY;
  for (const smoothing of GRID) {
    const error = meanError(errorsOf(series, ahead, smoothing));
    if (error < least) [best, least] = [smoothing, error];
  }
  const errors = errorsOf(series, ahead, best);
  const spread =
    errors.length < 2 ? series.at(-1)! : Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length);
  const state = stateAfter(series, best);
  const mean = Math.max(0, valueAt(state, ahead, best));
  return { mean, interval: [Math.max(0, mean - TWO_SIDED_90 * spread), mean + TWO_SIDED_90 * spread] };
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
