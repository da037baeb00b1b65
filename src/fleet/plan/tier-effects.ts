import type { LengthMix } from '#fleet/closed-form/length-mix.js';
import { type PlannedPool, type PoolSizer, sliceOf } from './candidates.js';
import { lesserWishes, type TierWish } from './memory-tiers.js';
import type { ReplicaKind } from './replica-kinds.js';
import type { FleetReport, SettledFleet } from './report.js';
import { fleetOf, type Settler } from './settled-fleet.js';

/** The best fleet with less behind its GPUs, or with all that was offered. */
export interface TierEffect {
  readonly tiers: TierNames;
  /** As small as it holds; null where no size that was tried did. */
  readonly fleet: FleetReport | null;
}

export type TierNames = 'none' | 'host memory' | 'host memory and storage';

export interface LesserFleet {
  readonly tiers: TierNames;
  readonly fleet: SettledFleet | undefined;
}

export function tierNames(wish: TierWish | undefined): TierNames {
  if (wish === undefined) return 'none';
  return wish.disk === undefined ? 'host memory' : 'host memory and storage';
}

/**
 * A fleet without the memory behind its GPUs, and without its storage alone: the same kinds of replica and boundaries, each pool sized by the closed form
 * and settled in the twin. A read can take longer than computing, so a fleet with less may be the cheaper one.
 */
export function fleetsWithLess(
  pools: readonly PlannedPool[],
  wish: TierWish,
  mix: LengthMix,
  /** The same kind of replica with other memory behind it. */
  kindWith: (kind: ReplicaKind, wish: TierWish | undefined) => ReplicaKind,
  size: PoolSizer,
  settled: Settler,
  progress?: (text: string) => void,
): readonly LesserFleet[] {
  return lesserWishes(wish).map(less => {
    progress?.(`the same with ${less === undefined ? 'nothing' : tierNames(less)} behind its GPUs`);
    const sized = pools.map(pool => {
      const { kind, above, upTo, prefill } = pool;
      const own = kindWith(kind, less);
      // Two pools are not sized by themselves: settling finds their numbers from those that hold with all of it.
      return prefill === undefined
        ? size(own, ...sliceOf(mix, above, upTo))
        : { ...pool, kind: own, prefill: { ...prefill, kind: kindWith(prefill.kind, less) } };
    });
    const whole = sized.every(pool => pool !== undefined);
    return { tiers: tierNames(less), fleet: whole ? fleetOf(sized, settled) : undefined };
  });
}
