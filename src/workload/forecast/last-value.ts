import { type Forecast, spreadOf, withinReach } from './forecaster.js';

/**
 * A control for forecasts: it will be as it is now. The interval is made as that of any other, of the errors that it made on the series so far.
 *
 * @param history values of windows of one length, oldest first.
 * @param ahead windows ahead, from 1.
 */
export function lastValue(history: readonly number[], ahead: number): Forecast {
  const last = history.at(-1) ?? 0;
  const errors = history.slice(ahead).map((value, i) => value - history[i]!);
  return withinReach(last, spreadOf(errors) ?? last);
}
