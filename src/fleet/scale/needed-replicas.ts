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

/**
 * Replicas that a load takes: max(forecast / capacity, load now / capacity, requests / places), in that order where they are equal.
 *
 * @param capacity requests a second that one replica carries.
 */
export function neededReplicas(load: PoolLoad, capacity: number): NeededReplicas {
  let exact = (load.forecastPerSecond ?? 0) / capacity;
  let decides: NeededReplicas['decides'] = load.forecastPerSecond === undefined ? 'load now' : 'forecast';
  const now = load.nowPerSecond / capacity;
  if (now > exact) [exact, decides] = [now, 'load now'];
  const held = load.requests / load.places;
  if (held > exact) [exact, decides] = [held, 'places'];
  return { exact, decides };
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
