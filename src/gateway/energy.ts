import type { Joules } from '#contract/units.js';
import { type EngineProfile, engineProfile } from '#pool/engine/profile.js';
import { type EnergyWork, requestEnergy } from '#pool/engine/request-energy.js';
import type { PoolEntry } from '#pool/schema.js';

const profiles = new WeakMap<PoolEntry, { readonly profile: EngineProfile | undefined }>();

/**
 * What a request costs in joules on a pool, where the pool says what it runs on and the engine model knows both GPU and model;
 * `undefined` elsewhere.
 */
export function energyOn(pool: PoolEntry, work: EnergyWork): Joules | undefined {
  let known = profiles.get(pool);
  if (known === undefined) {
    known = { profile: profileOf(pool) };
    profiles.set(pool, known);
  }
  return known.profile === undefined ? undefined : requestEnergy(known.profile, work);
}

function profileOf({ simulate, gpu, model, served_as }: PoolEntry): EngineProfile | undefined {
  if (simulate !== undefined) return engineProfile({ model: simulate.model, gpu: simulate.gpu, tp: simulate.tp });
  if (gpu === undefined) return undefined;
  for (const name of [model, served_as]) {
    try {
      if (name !== undefined) return engineProfile({ model: name, gpu });
    } catch {
      // A model of no catalogue, or one too large for a single GPU: nothing honest can be said of its energy.
    }
  }
  return undefined;
}
