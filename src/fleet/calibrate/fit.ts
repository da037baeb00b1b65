import { CONSTANT_NAMES, type EngineConstants, LIMITS, priorOf, SPREAD } from './constants.js';
import type { MeasuredRequest, MeasuredRun } from './measured-run.js';
import { type PredictedRequest, replay } from './replay.js';
import { minimise } from './simplex.js';

const METRICS = ['ttftMs', 'tpotMs', 'e2eMs'] as const;
/** What one spread away from what was believed costs, in units of relative error: enough to decide where the data do not. */
const PRIOR_WEIGHT = 0.01;

/**
 * Fits the three constants to the first half of the requests of each run, request by request. What is made least is the mean absolute
 * error of each of TTFT, TPOT and end-to-end time over that metric's mean, summed, and ½ (Δ log / spread)² for each constant's
 * distance from its prior. All requests are played, for the later ones wait with the earlier; only the first half is compared.
 */
export function fitConstants(runs: readonly MeasuredRun[]): EngineConstants {
  const prior = runs.map(({ gpu }) => priorOf(gpu));
  const mean = (name: (typeof CONSTANT_NAMES)[number]) =>
    prior.reduce((sum, constants) => sum + Math.log(constants[name]), 0) / prior.length;
  const start = CONSTANT_NAMES.map(mean);
  const steps = CONSTANT_NAMES.map(name => SPREAD[name]);
  const point = minimise(
    logs => {
      let loss = 0;
      for (const [i, name] of CONSTANT_NAMES.entries()) {
        loss += (PRIOR_WEIGHT * ((logs[i]! - start[i]!) / SPREAD[name]) ** 2) / 2;
        const [least, most] = LIMITS[name];
        if (Math.exp(logs[i]!) < least || Math.exp(logs[i]!) > most) return Number.POSITIVE_INFINITY;
      }
      const constants = constantsOf(logs);
      for (const run of runs) loss += misfit(run, replay(run, constants)) / runs.length;
      return loss;
    },
    start,
    steps.map((step, i) => (i === 0 ? step : -step)),
  );
  return constantsOf(point);
}

function constantsOf(logs: readonly number[]): EngineConstants {
  const [mfu, bandwidthEfficiency, overheadMs] = logs.map(Math.exp) as [number, number, number];
  return { mfu, bandwidthEfficiency, overheadMs };
}

/** How many requests, the first by arrival, a run is fitted on. */
export function fittedRequests(run: MeasuredRun): number {
  return Math.floor(run.requests.length / 2);
}

function misfit(run: MeasuredRun, predicted: readonly PredictedRequest[]): number {
  const count = fittedRequests(run);
  let sum = 0;
  for (const metric of METRICS) {
    let error = 0;
    let total = 0;
    for (let i = 0; i < count; i++) {
      const measured: MeasuredRequest[typeof metric] = run.requests[i]![metric];
      if (measured === undefined) continue;
      error += Math.abs(predicted[i]![metric]! - measured);
      total += measured;
    }
    sum += error / total;
  }
  return sum;
}
