import type { Bytes, Usd } from '#contract/units.js';
import type { HostMemory } from '#pool/engine/engine.js';
import { hostMemory } from '#pool/engine/host-cache.js';
import type { HostMemorySettings } from '#pool/host-memory-schema.js';
import type { ReplicaKind } from './replica-kinds.js';

/** Memory that keeps KV, beside each GPU: a replica of more GPUs has as much more of its machine. */
export interface TierSize {
  readonly bytes: Bytes;
  /** Gigabytes a second that a GPU reads from it. */
  readonly link: number;
  /** Of a gigabyte a month (730 hours): 0 where the machine has it anyway. */
  readonly usdPerGbMonth: Usd;
}

/** The memory of hosts, and storage behind it, that a plan may count on. */
export interface TierWish {
  readonly host: TierSize;
  readonly disk?: TierSize | undefined;
}

/** What a replica has behind its GPUs. */
export interface KindTiers {
  readonly wish: TierWish;
  /** Of the whole replica, as a pool's `host_memory` says it and as its engine has it. */
  readonly settings: HostMemorySettings;
  readonly memory: HostMemory;
}

export const HOURS_PER_MONTH = 730;

/** A kind of replica with memory behind its GPUs, which is part of its price. */
export function withTiers(kind: ReplicaKind, wish: TierWish): ReplicaKind {
  const gpus = kind.profile.tensorParallel;
  const { host, disk } = wish;
  const settings: HostMemorySettings = {
    ...{ size: host.bytes * gpus, link: host.link },
    ...(disk && { disk: { size: disk.bytes * gpus, link: disk.link } }),
  };
  const usd = ({ bytes, usdPerGbMonth }: TierSize) => (gpus * bytes * usdPerGbMonth) / 1e9 / HOURS_PER_MONTH;
  return {
    ...kind,
    usdPerHour: kind.usdPerHour + usd(host) + (disk === undefined ? 0 : usd(disk)),
    tiers: { wish, settings, memory: hostMemory(kind.profile, settings) },
  };
}

/** The wishes that leave some of one out, the least first: none at all, then the memory of hosts without storage. */
export function lesserWishes({ host, disk }: TierWish): readonly (TierWish | undefined)[] {
  return disk === undefined ? [undefined] : [undefined, { host }];
}
