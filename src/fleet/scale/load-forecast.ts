import type { Milliseconds } from '#contract/units.js';
import { forecast } from '#workload/forecast/forecaster.js';

/** Whole windows before a forecast is believed: an hour of five minutes each. */
const LEAST_WINDOWS = 12;
/** Windows ahead: 5, 10 and 15 minutes. */
const AHEAD = [1, 2, 3] as const;

export interface LoadForecast {
  /** Upper end of the 90 % interval: nineteen in twenty of such forecasts would have been high enough. */
  readonly perSecond: number;
  /** End of the window that it is expected of, from now. */
  readonly aheadMs: Milliseconds;
}

/** The highest of the upper ends of forecasts 5, 10 and 15 minutes ahead: the number of replicas is to do until then. */
export function forecastLoad(requests: readonly number[], windowMs: Milliseconds): LoadForecast | undefined {
  if (requests.length < LEAST_WINDOWS) return undefined;
  let highest: LoadForecast | undefined;
  for (const ahead of AHEAD) {
    const perSecond = (1000 * forecast(requests, ahead).interval[1]) / windowMs;
    if (highest === undefined || perSecond > highest.perSecond) highest = { perSecond, aheadMs: ahead * windowMs };
  }
  return highest;
}
