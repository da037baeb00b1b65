import { modelLoad, type ServedModel, type ServedPool, type Topology } from './served.js';

const POOL: Readonly<Record<string, (pool: ServedPool) => number>> = {
  in_flight: pool => pool.inFlight,
  queued: pool => pool.queue.length,
  limit: pool => pool.places().limit,
  available: pool => pool.places().available,
  load: pool => pool.saturation,
};

const MODEL: Readonly<Record<string, (model: ServedModel) => number>> = {
  in_flight: model => model.pools.reduce((sum, pool) => sum + pool.inFlight, 0),
  queued: model => model.waiting,
  limit: model => model.pools.reduce((sum, pool) => sum + pool.places().limit, 0),
  available: model => model.pools.reduce((sum, pool) => sum + pool.places().available, 0),
  load: model => modelLoad(model, 0),
};

/** What can be read of each pool and each model. */
export const MEASURES: readonly string[] = Object.keys(POOL);

/**
 * Reads `<pool>.<measure>` or `<model>.<measure>`; a pool goes before a model of the same name. The measures:
 *
 * - `in_flight`: requests on its replicas now
 * - `queued`: requests waiting for a place
 * - `limit`: places on replicas that take requests now
 * - `available`: replicas that take requests now
 * - `load`: in flight and waiting over places, 1 when there is no place
 *
 * @returns `undefined` when there is no such pool, model or measure.
 */
export function measure(topology: Topology, name: string): number | undefined {
  const dot = name.lastIndexOf('.');
  if (dot < 0) return undefined;
  const owner = name.slice(0, dot);
  const what = name.slice(dot + 1);
  if (!Object.hasOwn(POOL, what)) return undefined;
  const pool = topology.pools.get(owner);
  if (pool !== undefined) return POOL[what]!(pool);
  const model = topology.models.get(owner);
  return model === undefined ? undefined : MODEL[what]!(model);
}
