import { forecast } from './forecaster.js';

/** Mean absolute errors of forecasts that each were made from what came before, over the same windows. */
export interface ForecastScore {
  /** Windows ahead. */
  readonly ahead: number;
  /** Forecasts that were compared, all series together. */
  readonly count: number;
  readonly forecast: number;
  /** Control: it will be as it is now. */
  readonly lastValue: number;
  /** Control: the forecast of all series together, by each series' share of the last twelve windows. */
  readonly aggregate: number;
}

/** Windows that shares are taken over. */
const SHARED = 12;

/**
 * Forecasts the last `windows` windows of each series, each from what came before it, and compares with two controls. Nothing is fitted on what
 * is scored: a forecast chooses its parameters by the past of its own origin.
 *
 * @param series of one length, oldest first, all of the same windows.
 */
export function scoreForecasts(series: readonly (readonly number[])[], ahead: number, windows: number): ForecastScore {
  const length = series[0]?.length ?? 0;
  const all = Array.from({ length }, (_, i) => series.reduce((sum, one) => sum + one[i]!, 0));
  let [count, own, last, shared] = [0, 0, 0, 0];
  for (let at = Math.max(ahead, length - windows); at < length; at++) {
    const origin = at - ahead + 1;
    if (origin < 1) continue;
    const total = forecast(all.slice(0, origin), ahead).mean;
    const recent = (values: readonly number[]) =>
      values.slice(Math.max(0, origin - SHARED), origin).reduce((sum, value) => sum + value, 0);
    const before = recent(all);
    for (const one of series) {
      const history = one.slice(0, origin);
      const truth = one[at]!;
      const share = before > 0 ? recent(one) / before : 0;
      count++;
      own += Math.abs(truth - forecast(history, ahead).mean);
      last += Math.abs(truth - history.at(-1)!);
      shared += Math.abs(truth - total * share);
    }
  }
  const mean = (sum: number) => (count > 0 ? sum / count : 0);
  return { ahead, count, forecast: mean(own), lastValue: mean(last), aggregate: mean(shared) };
}
