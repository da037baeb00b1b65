import type { Joules } from '#contract/units.js';
import { type EnergyWork, requestEnergy } from '#pool/engine/request-energy.js';
import type { PoolEntry } from '#pool/schema.js';
import { hardwareOf } from './hardware.js';

/** A window changes neither the time of an iteration nor its power. */
const ANY_WINDOW = 1;

/**
 * What a request is expected to cost in joules on a pool, where the pool says what it runs on and the engine model knows both GPU
 * and model; `undefined` elsewhere.
 */
export function expectedEnergy(pool: PoolEntry, work: EnergyWork): Joules | undefined {
  const { forecast } = hardwareOf(pool, {}, ANY_WINDOW);
  return forecast === undefined ? undefined : requestEnergy(forecast.profile, work);
}
