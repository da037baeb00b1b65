import type { Milliseconds } from '#contract/units.js';
import type { CountSeries } from '#workload/forecast/count-series.js';
import { forecastByDay } from '#workload/forecast/daily.js';
import type { Forecast } from '#workload/forecast/forecaster.js';
import { lastValue } from '#workload/forecast/last-value.js';

/** Whole windows before a forecast is believed. */
const LEAST_WINDOWS = 12;

/** Requests of a pool so far, in windows and in hours that have ended. */
export interface SeenLoad {
  readonly windows: CountSeries;
  readonly hours: CountSeries;
}

export type LoadForecaster = (seen: SeenLoad, ahead: number) => Forecast;

export const LOAD_FORECASTERS = {
  forecast: ({ windows, hours }, ahead) => forecastByDay(windows, hours, ahead),
  'last-value': ({ windows }, ahead) => lastValue(windows.counts, ahead),
} as const satisfies Record<string, LoadForecaster>;

export interface LoadForecast {
  /** Upper end of the 90 % interval: nineteen in twenty of such forecasts would have been high enough. */
  readonly perSecond: number;
  /** End of the window that it is expected of, from now. */
  readonly aheadMs: Milliseconds;
}

/**
 * The highest of the upper ends of forecasts of all windows from that under way to the one in which a replica will serve that is ordered in it: the
 * number of replicas is to do until then. `undefined` before twelve windows have ended.
 *
 * @param startMs time from the order of a replica until it serves.
 */
export function forecastLoad(
  seen: SeenLoad,
  startMs: Milliseconds,
  forecaster: LoadForecaster = LOAD_FORECASTERS.forecast,
): LoadForecast | undefined {
  const { counts, stepMs } = seen.windows;
  if (counts.length < LEAST_WINDOWS) return undefined;
  let highest: LoadForecast | undefined;
  for (let ahead = 1; ahead <= Math.ceil(startMs / stepMs) + 1; ahead++) {
    const perSecond = (1000 * forecaster(seen, ahead).interval[1]) / stepMs;
    if (highest === undefined || perSecond > highest.perSecond) highest = { perSecond, aheadMs: ahead * stepMs };
  }
  return highest;
}
