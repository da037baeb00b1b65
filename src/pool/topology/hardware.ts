import type { Tokens, Usd, Watts } from '#contract/units.js';
import { EngineForecast } from '#pool/engine/forecast.js';
import { findGpu, type Gpu, type PowerCurve } from '#pool/engine/hardware.js';
import { hostMemory } from '#pool/engine/host-cache.js';
import { powerAt } from '#pool/engine/power.js';
import { type EngineProfile, engineProfile } from '#pool/engine/profile.js';
import type { ReplicaEntry } from '#pool/replica-schema.js';
import type { PoolEntry } from '#pool/schema.js';

/** What one replica runs on. A replica is tp × pp × ep GPUs; price and power are of one GPU until they are multiplied here. */
export interface Hardware {
  /** GPUs of the replica; 0 where nothing is said of them. */
  readonly gpus: number;
  /** Its GPU by the name of the catalogue, or as the file has it. */
  readonly gpu: string | undefined;
  /** Power curve of one GPU; `undefined` when neither the file nor the catalogue has one. */
  readonly power: PowerCurve | undefined;
  /** Price of the whole replica. */
  readonly usdPerHour: Usd | undefined;
  /** The engine model, where GPU and model are known; pipeline and expert parallelism are not modelled. */
  readonly forecast: EngineForecast | undefined;
  /** Seconds of the real thing in a second here: more than 1 for engines that are simulated faster. */
  readonly speed: number;
}

export const NO_HARDWARE: Hardware = {
  gpus: 0,
  gpu: undefined,
  power: undefined,
  usdPerHour: undefined,
  forecast: undefined,
  speed: 1,
};

/** By pool entry, which is immutable, and GPU and window within it: replicas that are alike share theirs. */
const known = new WeakMap<PoolEntry, Map<string, Hardware>>();

/** The hardware of a replica: its own where it says so, that of its pool otherwise. */
export function hardwareOf(entry: PoolEntry, replica: Partial<ReplicaEntry>, contextTokens: Tokens): Hardware {
  const key = `${replica.gpu} ${replica.tp} ${contextTokens}`;
  let kinds = known.get(entry);
  if (kinds === undefined) {
    kinds = new Map();
    known.set(entry, kinds);
  }
  const hardware = kinds.get(key) ?? described(entry, replica, contextTokens);
  kinds.set(key, hardware);
  return hardware;
}

/** Power of a replica while so many requests are on it. */
export function wattsOf({ gpus, power }: Hardware, requests: number): Watts | undefined {
  return power === undefined ? undefined : gpus * powerAt(power, requests);
}

function described(entry: PoolEntry, replica: Partial<ReplicaEntry>, contextTokens: Tokens): Hardware {
  const { simulate, pp, ep } = entry;
  const name = replica.gpu ?? simulate?.gpu ?? entry.gpu;
  if (name === undefined) return NO_HARDWARE;
  const tp = replica.tp ?? simulate?.tp ?? entry.tp;
  const gpus = simulate === undefined ? tp * pp * ep : tp;
  const gpu = orNone(() => findGpu(name));
  const usd = entry.gpu_price ?? gpu?.usdPerHour;
  const power = entry.power ?? gpu?.power;
  const profile = pp > 1 || ep > 1 ? undefined : profileOf(entry, name, tp, contextTokens);
  const memory = simulate === undefined ? entry.host_memory : simulate.host_memory;
  return {
    gpus,
    gpu: gpu?.name ?? name,
    power,
    usdPerHour: usd === undefined ? undefined : gpus * usd,
    forecast:
      profile === undefined
        ? undefined
        : new EngineForecast(withPower(profile, power), memory && hostMemory(profile, memory)),
    speed: simulate?.speed ?? 1,
  };
}

function withPower(profile: EngineProfile, power: Gpu['power'] | undefined): EngineProfile {
  return power === undefined ? profile : { ...profile, power };
}

function profileOf(entry: PoolEntry, gpu: string, tp: number, contextTokens: Tokens): EngineProfile | undefined {
  const { simulate, model, served_as, weights, kv_cache: kvCache } = entry;
  const blocks = simulate?.blocks;
  for (const name of simulate === undefined ? [model, served_as] : [simulate.model]) {
    if (name === undefined) continue;
    const profile = orNone(() =>
      engineProfile({
        ...{ model: name, gpu, tp, contextTokens },
        ...{ ...(blocks && { blocks }), ...(weights && { weights }), ...(kvCache && { kvCache }) },
      }),
    );
    if (profile !== undefined) return profile;
  }
  return undefined;
}

/** What the catalogue has; a model or GPU that it lacks, or weights too large for so many GPUs, are nothing that could be told of. */
function orNone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
