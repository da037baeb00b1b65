import { isPoolMeasure, type PoolMeasure } from '#contract/pool-view.js';
import type { Milliseconds } from '#contract/units.js';
import { modelLoad, type ServedModel, type ServedPool, type Topology } from './served.js';
import { headroom, prefillRate, slow, tokensPerJoule, waitingInEngines } from './state-estimates.js';

type Read<Owner> = (owner: Owner, now: Milliseconds) => number | undefined;

const POOL: Readonly<Record<PoolMeasure, Read<ServedPool>>> = {
  in_flight: pool => pool.inFlight,
  queued: pool => pool.queue.length,
  limit: pool => pool.places().limit,
  available: pool => pool.places().available,
  load: pool => pool.saturation,
  queue: (pool, now) => pool.queue.length + waitingInEngines(pool.replicas, now),
  prefill_rate: pool => prefillRate(pool.replicas),
  headroom: pool => headroom(pool.replicas, pool.queue.length),
  tok_per_watt: pool => tokensPerJoule(pool.replicas),
  slow: pool => slow(pool.replicas),
};

const MODEL: Readonly<Record<PoolMeasure, Read<ServedModel>>> = {
  in_flight: model => model.pools.reduce((sum, pool) => sum + pool.inFlight, 0),
  queued: model => model.waiting,
  limit: model => model.pools.reduce((sum, pool) => sum + pool.places().limit, 0),
  available: model => model.pools.reduce((sum, pool) => sum + pool.places().available, 0),
  load: model => modelLoad(model, 0),
  queue: (model, now) => model.waiting + waitingInEngines(replicasOf(model), now),
  prefill_rate: model => prefillRate(replicasOf(model)),
  headroom: model => headroom(replicasOf(model), model.waiting),
  tok_per_watt: model => tokensPerJoule(replicasOf(model)),
  slow: model => slow(replicasOf(model)),
};

function replicasOf(model: ServedModel) {
  return model.pools.flatMap(pool => pool.replicas);
}

/**
 * Reads `<pool>.<measure>` or `<model>.<measure>`; a pool goes before a model of the same name. The measures:
 *
 * - `in_flight`: requests on its replicas now
 * - `queued`: requests waiting for a place
 * - `limit`: places on replicas that take requests now
 * - `available`: replicas that take requests now
 * - `load`: in flight and waiting over places, 1 when there is no place
 * - `queue`: requests waiting for a place, and those that wait inside the engines, of whomever: an estimate
 * - `prefill_rate`: prompt tokens a second that a replica reads as things are
 * - `headroom`: share of the places that neither we nor others take; below 0 when more ask than there are
 * - `tok_per_watt`: output tokens a second for each watt, from the engine model, at the batch of now
 * - `slow`: replicas found to be twice as slow as their pool
 *
 * @returns `undefined` when there is no such pool, model or measure, or when nothing is known of it yet.
 */
export function measure(topology: Topology, name: string, now: Milliseconds): number | undefined {
  const dot = name.lastIndexOf('.');
  if (dot < 0) return undefined;
  const owner = name.slice(0, dot);
  const what = name.slice(dot + 1);
  if (!isPoolMeasure(what)) return undefined;
  const pool = topology.pools.get(owner);
  if (pool !== undefined) return POOL[what](pool, now);
  const model = topology.models.get(owner);
  return model === undefined ? undefined : MODEL[what](model, now);
}
