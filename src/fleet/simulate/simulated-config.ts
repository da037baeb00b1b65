import type { Config } from '#config/load.js';
import { isWeirError } from '#contract/errors.js';
import { engineProfile } from '#pool/engine/profile.js';
import type { PoolEntry, SimulateEntry } from '#pool/schema.js';

/**
 * A configuration as the simulator plays it: simulated replicas have names, and pools of real ones are simulated where the file says enough of
 * them: their GPU, and a model that the catalogue knows by its name or by `served_as`. Other pools are left as they are, and the simulator says what is missing.
 */
export function simulatedConfig(config: Config): Config {
  const pools = Object.fromEntries(
    Object.entries(config.pool.pools).map(([name, entry]) => [name, simulatedEntry(entry)]),
  );
  return { ...config, pool: { ...config.pool, pools } };
}

function simulatedEntry(entry: PoolEntry): PoolEntry {
  const simulate = entry.simulate ?? assumed(entry);
  if (simulate === undefined) return entry;
  const replicas = Array.from({ length: simulate.replicas }, (_, at) => ({
    ...{ url: 'http://127.0.0.1:9', id: String(at + 1) },
    weight: entry.simulate === undefined ? (entry.replicas?.[at]?.weight ?? 1) : 1,
  }));
  return { ...entry, simulate, replicas };
}

function assumed({ model, served_as, gpu, tp, pp, ep, replicas, context }: PoolEntry): SimulateEntry | undefined {
  if (gpu === undefined || replicas === undefined || pp > 1 || ep > 1) return undefined;
  for (const name of [model, served_as]) {
    if (name === undefined) continue;
    try {
      engineProfile({ model: name, gpu, tp, ...(context === undefined ? {} : { contextTokens: context }) });
      return { replicas: replicas.length, model: name, gpu, tp, speed: 1, seed: 1 };
    } catch (error) {
      if (!isWeirError(error)) throw error;
    }
  }
  return undefined;
}
