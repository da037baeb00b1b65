import type { PoolCapacity } from './pool-capacity.js';

/** What a pool has to carry, in requests a second and on its places. */
export interface PoolLoad {
  /** Of the last minute. */
  readonly nowPerSecond: number;
  /** Upper quantile of what is forecast; absent while too little is known. */
  readonly forecastPerSecond: number | undefined;
  /** On replicas and waiting. */
  readonly requests: number;
  /** Requests that a replica may have at once. */
  readonly places: number;
}

export interface NeededReplicas {
  /** Of replicas, not rounded. */
  readonly exact: number;
  /** The most of them says how many replicas are needed. */
  readonly decides: 'forecast' | 'load now' | 'places';
}

/** Replicas beyond which a pool is taken to carry no more each. */
const MOST = 1024;

/** Replicas that a load takes: the most of those for the forecast, for the load of now, and requests / places; in that order where they are equal. */
export function neededReplicas(load: PoolLoad, capacity: PoolCapacity): NeededReplicas {
  let exact = replicasFor(load.forecastPerSecond ?? 0, capacity);
  let decides: NeededReplicas['decides'] = load.forecastPerSecond === undefined ? 'load now' : 'forecast';
  const now = replicasFor(load.nowPerSecond, capacity);
  if (now > exact) [exact, decides] = [now, 'load now'];
  const held = load.requests / load.places;
  if (held > exact) [exact, decides] = [held, 'places'];
  return { exact, decides };
}

/**
 * Replicas that carry a rate, not rounded: all whole ones before the last, and of that the share that is needed of what it adds. What replicas carry
 * is more than as many times what one does, so this is not the rate over the capacity of one.
 */
export function replicasFor(rate: number, capacity: PoolCapacity): number {
  const carries = (count: number) => (count === 0 ? 0 : capacity.carried(count).requestsPerSecond);
  if (!(rate > 0)) return 0;
  let high = 1;
  while (carries(high) < rate) {
    if (high >= MOST) return (high * rate) / carries(high);
    high *= 2;
  }
  let low = high >> 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (carries(middle) < rate) low = middle;
    else high = middle;
  }
  const before = carries(low);
  return low + (rate - before) / (carries(high) - before);
}

/** Whole replicas: what is a rounding error over a whole number is that number. */
export function wholeReplicas(exact: number): number {
  return Math.ceil(exact - 1e-9);
}

export type ScaleBound = 'min' | 'max';

/** A number of replicas within the bounds of a pool, and which of them it met. */
export function bounded(
  wanted: number,
  { min, max = Number.POSITIVE_INFINITY }: { readonly min: number; readonly max?: number | undefined },
): { readonly replicas: number; readonly bound: ScaleBound | undefined } {
  if (wanted < min) return { replicas: min, bound: 'min' };
  return wanted > max ? { replicas: max, bound: 'max' } : { replicas: wanted, bound: undefined };
}
