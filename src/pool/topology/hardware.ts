import type { Tokens } from '#contract/units.js';
import { EngineForecast } from '#pool/engine/forecast.js';
import { type EngineProfile, engineProfile } from '#pool/engine/profile.js';
import type { PoolEntry } from '#pool/schema.js';

/** Forecasts by pool entry and window: entries are immutable, and replicas of a pool share theirs. */
const forecasts = new WeakMap<PoolEntry, EngineForecast | undefined>();

/**
 * The engine model of a pool's replicas, where the file says what they run on and the catalogue knows both GPU and model;
 * `undefined` elsewhere. Pipeline and expert parallelism are not modelled: of such replicas nothing is predicted.
 */
export function forecastOf(entry: PoolEntry, contextTokens: Tokens): EngineForecast | undefined {
  if (forecasts.has(entry)) return forecasts.get(entry);
  const profile = profileOf(entry, contextTokens);
  const forecast = profile === undefined ? undefined : new EngineForecast(profile);
  forecasts.set(entry, forecast);
  return forecast;
}

function profileOf(entry: PoolEntry, contextTokens: Tokens): EngineProfile | undefined {
  const { simulate, gpu, tp, pp, ep, model, served_as } = entry;
  if (simulate !== undefined) {
    return known(simulate.model, simulate.gpu, simulate.tp, contextTokens, simulate.blocks);
  }
  if (gpu === undefined || pp > 1 || ep > 1) return undefined;
  return (
    known(model, gpu, tp, contextTokens) ??
    (served_as === undefined ? undefined : known(served_as, gpu, tp, contextTokens))
  );
}

function known(
  model: string,
  gpu: string,
  tp: number,
  contextTokens: Tokens,
  blocks?: number,
): EngineProfile | undefined {
  try {
    return engineProfile({ model, gpu, tp, contextTokens, ...(blocks === undefined ? {} : { blocks }) });
  } catch {
    // A model of no catalogue, or one too large for so many GPUs: nothing honest can be said of it.
    return undefined;
  }
}
