import type { Config } from '#config/load.js';
import { isWeirError } from '#contract/errors.js';
import { engineProfile } from '#pool/engine/profile.js';
import type { SimulateEntry } from '#pool/local-engines-schema.js';
import type { PoolEntry } from '#pool/schema.js';

/**
 * A configuration as the simulator plays it: simulated replicas have names, and pools of real ones are simulated where the file says enough of
 * them: their GPU, each its own where the pool has several kinds, and a model that the catalogue knows by its name or by `served_as`. Other pools are left as they are, and the simulator says what is missing.
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
  const replicas = Array.from({ length: simulate.replicas }, (_, at) => {
    const { weight = 1, gpu, tp } = (entry.simulate === undefined ? entry.replicas?.[at] : undefined) ?? {};
    return { ...{ url: 'http://127.0.0.1:9', id: String(at + 1), weight }, gpu, tp };
  });
  return { ...entry, simulate, replicas };
}

function assumed(entry: PoolEntry): SimulateEntry | undefined {
  const { model, served_as, gpu, tp, pp, ep, replicas, context, host_memory, weights, kv_cache: kvCache } = entry;
  if (replicas === undefined || pp > 1 || ep > 1) return undefined;
  const kinds = replicas.map(replica => ({ gpu: replica.gpu ?? gpu, tp: replica.tp ?? tp }));
  const first = gpu === undefined ? kinds[0] : { gpu, tp };
  if (first?.gpu === undefined) return undefined;
  for (const name of [model, served_as]) {
    if (name === undefined) continue;
    try {
      for (const { gpu: own, tp: group } of kinds) {
        if (own === undefined) return undefined;
        engineProfile({
          model: name,
          gpu: own,
          tp: group,
          ...(context === undefined ? {} : { contextTokens: context }),
          ...{ ...(weights && { weights }), ...(kvCache && { kvCache }) },
        });
      }
      return {
        ...{ replicas: replicas.length, model: name, gpu: first.gpu, tp: first.tp, speed: 1, seed: 1 },
        ...(host_memory && { host_memory }),
      };
    } catch (error) {
      if (!isWeirError(error)) throw error;
    }
  }
  return undefined;
}
