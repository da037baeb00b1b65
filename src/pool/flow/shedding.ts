import type { WeirError } from '#contract/errors.js';
import type { PlacementRequest } from '#contract/placement.js';
import type { Random } from '#contract/random.js';
import type { ServedModel } from '#pool/topology/served.js';
import { shed } from './refusals.js';

/** Where shedding begins and ends, in saturation: requests on replicas and waiting over places. */
export interface ShedRange {
  readonly from: number;
  readonly full: number;
}

/**
 * The chance that a request that may be shed is: 0 up to `from`, 1 from `full` on, and between them 3t² − 2t³ with
 * t = (saturation − from) / (full − from). It rises without a step, so many gateways do not all start and stop shedding at once.
 */
export function shedChance(saturation: number, { from, full }: ShedRange): number {
  const t = Math.min(1, Math.max(0, (saturation - from) / (full - from)));
  return t * t * (3 - 2 * t);
}

/** Why a request that may be shed is, by lot: the fuller its pools, the likelier. `undefined` for one that is not. */
export function shedByLot(model: ServedModel, request: PlacementRequest, lots: Random): WeirError | undefined {
  if (request.flow?.priority !== 'low') return undefined;
  let chance = 1;
  for (const pool of model.pools) {
    const { shed: range } = pool.entry.queue;
    chance = Math.min(chance, range === false ? 0 : shedChance(pool.saturation, range));
  }
  if (model.pools.length === 0 || chance <= 0 || lots.next() >= chance) return undefined;
  for (const pool of model.pools) pool.memory.counts.shed += 1;
  return shed(model.name, model.pools, request.flow);
}
