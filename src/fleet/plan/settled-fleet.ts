import { type PlannedPool, poolPrice } from './candidates.js';
import type { SettledFleet } from './report.js';
import type { SettledPool, Settling } from './settle.js';

/** Settles a pool in the twin; the same pool once. */
export type Settler = (pool: PlannedPool) => Settling;

/** A fleet whose pools all hold, each with as few replicas as that takes; `undefined` where one does not with any number that was tried. */
export function fleetOf(planned: readonly PlannedPool[], settled: Settler): SettledFleet | undefined {
  const pools: SettledPool[] = [];
  for (const pool of planned) {
    const { pool: found } = settled(pool);
    if (found === undefined) return undefined;
    pools.push(found);
  }
  return { pools, usdPerHour: pools.reduce((sum, { pool }) => sum + poolPrice(pool), 0) };
}

/** What a pool is but for the number of its replicas. */
export function poolKey({ kind, above, upTo, prefill }: PlannedPool): string {
  const { profile, tiers } = kind;
  const behind = tiers === undefined ? '' : `host${tiers.wish.disk === undefined ? '' : ' disk'}`;
  const prompts = prefill === undefined ? '' : `${prefill.kind.profile.gpu} ${prefill.kind.profile.tensorParallel}`;
  return `${profile.gpu} ${profile.tensorParallel} ${behind} ${above} ${upTo} ${prompts}`;
}
