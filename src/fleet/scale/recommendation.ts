import type { Milliseconds } from '#contract/units.js';
import type { CarriedLoad } from './carried-load.js';
import type { LoadForecast } from './load-forecast.js';
import { bounded, type NeededReplicas, neededReplicas, wholeReplicas } from './needed-replicas.js';
import type { PoolCapacity } from './pool-capacity.js';
import type { ScaleDownHold } from './scale-down-hold.js';

/** Why no number is recommended. */
export const NO_ADVICE = {
  cloud: 'its hardware is the business of a provider',
  embedding: 'the engine model knows of no embeddings',
  disaggregated: 'its prompts are computed in another pool, or it computes those of others',
  few_requests: 'too few requests have been answered to know their lengths',
  unknown_speed: 'its hardware is not described (gpu) or not known, and its rates have not been measured yet',
  objective_out_of_reach: 'not even one request at a time keeps workload.slo on this hardware',
} as const;

export type NoAdvice = keyof typeof NO_ADVICE;

/** How many replicas a pool is to have, and why. */
export interface PoolAdvice {
  /** Whole, held and within the bounds of the pool. */
  readonly replicas: number;
  /** Replicas that the load takes, before rounding, hold and bounds. */
  readonly needed: number;
  readonly decides: NeededReplicas['decides'];
  /** What the recommended number is and the needed one is not. */
  readonly bound: 'hold' | 'min' | 'max' | undefined;
  readonly loadPerSecond: number;
  readonly forecast: LoadForecast | undefined;
  /** Of each of the recommended replicas, among so many. */
  readonly capacity: CarriedLoad;
  /** Share of what the recommended replicas carry that the load of now leaves; below 0 when it is more than that. */
  readonly headroom: number;
}

export interface AdviceFacts {
  readonly loadPerSecond: number;
  readonly forecast: LoadForecast | undefined;
  readonly capacity: PoolCapacity;
  /** On replicas and waiting. */
  readonly requests: number;
  /** Requests that a replica may have at once. */
  readonly places: number;
  readonly scale: { readonly min: number; readonly max?: number | undefined; readonly hold: Milliseconds };
}

/**
 * Recommends replicas for a pool: as few as carry forecast and load now together, and have a place for each request ({@link neededReplicas}), the most
 * of that within the hold time, within the bounds. Rises at once; falls only after less has been enough for the hold time.
 */
export function recommend(facts: AdviceFacts, hold: ScaleDownHold, now: Milliseconds): PoolAdvice {
  const { loadPerSecond, forecast, capacity, requests, places, scale } = facts;
  const { exact, decides } = neededReplicas(
    { nowPerSecond: loadPerSecond, forecastPerSecond: forecast?.perSecond, requests, places },
    capacity,
  );
  const wanted = wholeReplicas(exact);
  const held = hold.look(wanted, now, scale.hold);
  const { replicas, bound } = bounded(held, scale);
  const carried = capacity.carried(replicas);
  return {
    ...{ replicas, needed: exact, decides, loadPerSecond, forecast },
    capacity: { ...carried, requestsPerSecond: carried.requestsPerSecond / replicas },
    bound: bound ?? (held > wanted ? 'hold' : undefined),
    headroom: 1 - loadPerSecond / carried.requestsPerSecond,
  };
}
