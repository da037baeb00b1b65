import type { Config } from '#config/load.js';
import type { PoolEntry } from '#pool/schema.js';

/** Runs the simulated engines that a configuration asks for; they live on when it changes, as long as it still asks for them. */
export class SimulatedFleet {
  private readonly running = new Map<string, { readonly urls: readonly string[]; close(): Promise<void> }>();

  /** Starts what `config` asks for and does not run yet, and gives the configuration with the addresses of all of it. */
  async resolve(config: Config): Promise<Config> {
    const wanted = Object.entries(config.pool.pools).filter(([, entry]) => entry.simulate !== undefined);
    const urls = new Map<string, readonly string[]>();
    await Promise.all(
      wanted.map(async ([name, entry]) => {
        const key = JSON.stringify([name, entry.model, entry.context, entry.served_as, entry.simulate]);
        let fleet = this.running.get(key);
        if (fleet === undefined) {
          fleet = await startPool(name, entry);
          this.running.set(key, fleet);
        }
        urls.set(name, fleet.urls);
      }),
    );
    return withReplicas(config, urls);
  }

  async close(): Promise<void> {
    const fleets = [...this.running.values()];
    this.running.clear();
    await Promise.all(fleets.map(fleet => fleet.close()));
  }
}

/** A configuration whose simulated replicas have names but no addresses: enough to explain decisions by, without running them. */
export function withoutEngines(config: Config): Config {
  const urls = new Map<string, readonly string[]>();
  for (const [name, entry] of Object.entries(config.pool.pools)) {
    if (entry.simulate !== undefined) urls.set(name, new Array<string>(entry.simulate.replicas).fill('http://127.0.0.1:9'));
  }
  return withReplicas(config, urls);
}

async function startPool(name: string, entry: PoolEntry) {
  const { startSimulatedFleet } = await import('#engine-server/simulated-fleet.js');
  const simulate = entry.simulate!;
  const fleet = await startSimulatedFleet([
    {
      pool: name,
      model: entry.served_as ?? entry.model,
      engineModel: simulate.model,
      gpu: simulate.gpu,
      tp: simulate.tp,
      speed: simulate.speed,
      count: simulate.replicas,
      seed: simulate.seed,
      ...(entry.context === undefined ? undefined : { contextTokens: entry.context }),
      ...(simulate.blocks === undefined ? undefined : { blocks: simulate.blocks }),
    },
  ]);
  return { urls: fleet.urls.get(name) ?? [], close: () => fleet.close() };
}

function withReplicas(config: Config, urls: ReadonlyMap<string, readonly string[]>): Config {
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
