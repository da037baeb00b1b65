import type { Watts } from '#contract/units.js';
import type { EngineProfile } from '#pool/engine/profile.js';
import { forecastPool, type Offered, type PoolForecast, replicaWatts } from './pool-model.js';

/** A pool that has been told to draw less. */
export interface Curtailed {
  /** Share of the base that is given up. */
  readonly share: number;
  /** Sequences that each replica may run at once, so that it never draws more. */
  readonly maxSequences: number;
  /** Of the whole pool at that many sequences. */
  readonly mostWatts: Watts;
  /** `undefined` where the pool no longer keeps up. */
  readonly forecast: PoolForecast | undefined;
}

/**
 * What demand response costs: for each share by which the pool's draw is to fall, the most sequences at once that keep below it, and how
 * the pool fares with them. The base is what it draws at this load in the mean, by its forecast, or what it may draw `at most`, with every
 * batch full. Power is capped by `max_num_seqs`; clocks are not modelled.
 */
export function curtail(
  profile: EngineProfile,
  replicas: number,
  offered: Offered,
  shares: readonly number[],
  from: 'mean' | 'most' = 'mean',
): readonly Curtailed[] {
  const base =
    from === 'most'
      ? replicas * replicaWatts(profile, profile.maxSequences)
      : forecastPool(profile, replicas, offered)?.watts;
  if (base === undefined) return [];
  return shares.map(share => {
    const target = base * (1 - share);
    const maxSequences = mostWithin(profile, target / replicas);
    const mostWatts = replicas * replicaWatts(profile, maxSequences);
    const forecast = maxSequences === 0 ? undefined : forecastPool({ ...profile, maxSequences }, replicas, offered);
    return { share, maxSequences, mostWatts, forecast };
  });
}

/** The largest batch at which a replica draws no more; 0 when even one sequence draws more. */
function mostWithin(profile: EngineProfile, watts: Watts): number {
  let low = 0;
  let high = profile.maxSequences;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (replicaWatts(profile, middle) <= watts) low = middle;
    else high = middle - 1;
  }
  return low;
}
