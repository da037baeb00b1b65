import type { Config } from '#config/load.js';
import type { SimulatedReplicaSpec } from '#engine-server/simulated-fleet.js';
import type { PoolEntry } from '#pool/schema.js';

/** Simulated pools that were started together, in one worker thread. */
interface Batch {
  /** Addresses of the replicas, by what was asked for. */
  readonly urls: ReadonlyMap<string, readonly string[]>;
  close(): Promise<void>;
}

/** Runs the simulated engines that a configuration asks for. They live on when it changes, as long as it still asks for any of them. */
export class SimulatedFleet {
  private batches: readonly Batch[] = [];

  /** Starts what `config` asks for and does not run yet, and gives the configuration with the addresses of all of it. */
  async resolve(config: Config): Promise<Config> {
    const wanted = new Map<string, { readonly name: string; readonly entry: PoolEntry }>();
    for (const [name, entry] of Object.entries(config.pool.pools)) {
      if (entry.simulate === undefined) continue;
      wanted.set(JSON.stringify([name, entry.model, entry.context, entry.served_as, entry.simulate]), { name, entry });
    }
    const missing = [...wanted.keys()].filter(key => this.urlsOf(key) === undefined);
    if (missing.length > 0) this.batches = [...this.batches, await start(missing, wanted)];
    const unused = this.batches.filter(batch => ![...batch.urls.keys()].some(key => wanted.has(key)));
    this.batches = this.batches.filter(batch => !unused.includes(batch));
    for (const batch of unused) void batch.close();
    return withReplicas(config, new Map([...wanted].map(([key, { name }]) => [name, this.urlsOf(key) ?? []])));
  }

  async close(): Promise<void> {
    const { batches } = this;
    this.batches = [];
    await Promise.all(batches.map(batch => batch.close()));
  }

  private urlsOf(key: string): readonly string[] | undefined {
    return this.batches.find(batch => batch.urls.has(key))?.urls.get(key);
  }
}

/** A configuration whose simulated replicas have names but no addresses: enough to explain decisions by, without running them. */
export function withoutEngines(config: Config): Config {
  const urls = new Map<string, readonly string[]>();
  for (const [name, entry] of Object.entries(config.pool.pools)) {
    if (entry.simulate !== undefined)
      urls.set(name, new Array<string>(entry.simulate.replicas).fill('http://127.0.0.1:9'));
  }
  return withReplicas(config, urls);
}

async function start(
  keys: readonly string[],
  wanted: ReadonlyMap<string, { readonly name: string; readonly entry: PoolEntry }>,
): Promise<Batch> {
  const { startSimulatedFleet } = await import('#engine-server/simulated-fleet.js');
  const specs: SimulatedReplicaSpec[] = [];
  for (const key of keys) {
    const pool = wanted.get(key);
    if (pool?.entry.simulate === undefined) continue;
    const { simulate, served_as, model, context } = pool.entry;
    specs.push({
      pool: key,
      model: served_as ?? model,
      engineModel: simulate.model,
      gpu: simulate.gpu,
      tp: simulate.tp,
      speed: simulate.speed,
      count: simulate.replicas,
      seed: simulate.seed,
      ...(context === undefined ? undefined : { contextTokens: context }),
      ...(simulate.blocks === undefined ? undefined : { blocks: simulate.blocks }),
    });
  }
  return startSimulatedFleet(specs);
}

/** A configuration with the addresses of its simulated pools filled in. */
export function withReplicas(config: Config, urls: ReadonlyMap<string, readonly string[]>): Config {
  if (urls.size === 0) return config;
  const pools = Object.fromEntries(
    Object.entries(config.pool.pools).map(([name, entry]) => {
      const found = urls.get(name);
      if (found === undefined) return [name, entry];
      return [name, { ...entry, replicas: found.map((url, at) => ({ url, id: String(at + 1), weight: 1 })) }];
    }),
  );
  return { ...config, pool: { ...config.pool, pools } };
}
