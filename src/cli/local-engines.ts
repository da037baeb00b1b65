import type { Config } from '#config/load.js';
import type { Tokens } from '#contract/units.js';
import type { KvRole } from '#engine-server/kv-transfer/connector.js';
import type { SimulatedReplicaSpec } from '#engine-server/simulated-fleet.js';
import { engineWindow, inPair } from '#pool/rebalance/arrangement.js';
import type { PoolEntry } from '#pool/schema.js';

/** Where the replicas of a pool listen. */
export interface Started {
  readonly urls: readonly string[];
  /** Context window that they have, where the engine knows better than the file. */
  readonly contextTokens?: Tokens;
}

/** Pools whose engines were started together and end together. */
interface Batch {
  /** By what was asked for. */
  readonly started: ReadonlyMap<string, Started>;
  close(): Promise<void>;
  /** Ends once everything that its engines were asked has been answered, or when it is closed. */
  retire(): Promise<void>;
}

interface WantedPool {
  readonly name: string;
  readonly entry: PoolEntry;
  /** What its engines are in disaggregated serving, where they are anything. */
  readonly kv: { readonly role: KvRole; readonly kvLink: number } | undefined;
}

/**
 * Runs the engines that a configuration asks for: simulated ones together in a worker thread, each GGUF file in a process of its own. They live
 * on when the configuration changes, as long as it still asks for any of them.
 */
export class LocalEngines {
  private batches: readonly Batch[] = [];
  /** Those that end when they have answered what they were asked. */
  private readonly retiring = new Set<Batch>();
  /** What the configuration asks for that was resolved last. */
  private wanted: ReadonlySet<string> = new Set();

  /** `onEvent` is told when an engine had to be started again. */
  constructor(private readonly onEvent: (text: string) => void) {}

  /** Starts what `config` asks for and does not run yet, and gives the configuration with the addresses of all of it. */
  async resolve(config: Config): Promise<Config> {
    const wanted = new Map<string, WantedPool>();
    for (const [name, said] of Object.entries(config.pool.pools)) {
      const engine = said.simulate ?? said.gguf;
      if (engine === undefined) continue;
      const entry = inPair(config.pool, name) ? { ...said, context: engineWindow(config.pool, name) } : said;
      const kv = kvOf(name, config.pool.pools);
      const { model, context, served_as, weights, kv_cache } = entry;
      wanted.set(JSON.stringify([name, model, context, served_as, weights, kv_cache, engine, kv]), { name, entry, kv });
    }
    const missing = [...wanted].filter(([key]) => this.startedFor(key) === undefined);
    this.batches = [...this.batches, ...(await start(missing, this.onEvent))];
    this.wanted = new Set(wanted.keys());
    return withReplicas(
      config,
      new Map([...wanted].map(([key, { name }]) => [name, this.startedFor(key) ?? { urls: [] }])),
    );
  }

  /**
   * Ends the engines that the configuration resolved last does not ask for, each once it has answered what it was asked: called when that
   * configuration is in force and sends them nothing more.
   */
  retireUnused(): void {
    const { wanted } = this;
    const unused = this.batches.filter(batch => ![...batch.started.keys()].some(key => wanted.has(key)));
    this.batches = this.batches.filter(batch => !unused.includes(batch));
    for (const batch of unused) {
      this.retiring.add(batch);
      void batch.retire().finally(() => this.retiring.delete(batch));
    }
  }

  async close(): Promise<void> {
    const batches = [...this.batches, ...this.retiring];
    this.batches = [];
    await Promise.all(batches.map(batch => batch.close()));
  }

  private startedFor(key: string): Started | undefined {
    return this.batches.find(batch => batch.started.has(key))?.started.get(key);
  }
}

/** The part that simulated engines of a pool have where one pool computes prompts for another. */
function kvOf(name: string, pools: Readonly<Record<string, PoolEntry>>): WantedPool['kv'] {
  const own = pools[name]?.prefill;
  if (own !== undefined) return { role: 'decode', kvLink: own.link };
  const links = Object.values(pools).flatMap(({ prefill }) => (prefill?.pool === name ? [prefill.link] : []));
  return links.length === 0 ? undefined : { role: 'prefill', kvLink: Math.min(...links) };
}

/** A configuration whose local engines have names but no addresses: enough to explain decisions by, without running them. */
export function withoutEngines(config: Config): Config {
  const started = new Map<string, Started>();
  for (const [name, { simulate, gguf }] of Object.entries(config.pool.pools)) {
    const replicas = simulate?.replicas ?? (gguf === undefined ? undefined : 1);
    if (replicas !== undefined) started.set(name, { urls: new Array<string>(replicas).fill('http://127.0.0.1:9') });
  }
  return withReplicas(config, started);
}

/** Starts all, or none: what was started is closed again when another cannot be. */
async function start(
  wanted: readonly (readonly [key: string, pool: WantedPool])[],
  onEvent: (text: string) => void,
): Promise<readonly Batch[]> {
  const simulated = wanted.filter(([, { entry }]) => entry.simulate !== undefined);
  const real = wanted.filter(([, { entry }]) => entry.gguf !== undefined);
  const starting = [
    ...(simulated.length === 0 ? [] : [startSimulated(simulated)]),
    ...real.map(([key, { entry }]) => startReal(key, entry, onEvent)),
  ];
  const settled = await Promise.allSettled(starting);
  const started = settled.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []));
  const failure = settled.find(result => result.status === 'rejected');
  if (failure === undefined) return started;
  await Promise.all(started.map(batch => batch.close()));
  throw failure.reason;
}

async function startSimulated(wanted: readonly (readonly [string, WantedPool])[]): Promise<Batch> {
  const { startSimulatedFleet } = await import('#engine-server/simulated-fleet.js');
  const specs = wanted.flatMap(([key, { entry, kv }]): readonly SimulatedReplicaSpec[] => {
    const { simulate, served_as, model, context, weights, kv_cache: kvCache } = entry;
    if (simulate === undefined) return [];
    const { host_memory: host } = simulate;
    return [
      {
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
        ...{ ...(weights && { weights }), ...(kvCache && { kvCache }) },
        ...(host === undefined ? undefined : { hostMemory: host.size / 1e9, hostLink: host.link }),
        ...(host?.disk === undefined ? undefined : { disk: host.disk.size / 1e9, diskLink: host.disk.link }),
        ...kv,
      },
    ];
  });
  const fleet = await startSimulatedFleet(specs);
  const started = new Map([...fleet.urls].map(([key, urls]) => [key, { urls }]));
  return { started, close: () => fleet.close(), retire: () => fleet.retire() };
}

async function startReal(key: string, entry: PoolEntry, onEvent: (text: string) => void): Promise<Batch> {
  const { startGgufProcess } = await import('#engine-server/gguf/engine-process.js');
  const { gguf, served_as, model, context } = entry;
  const { file = '', sequences, threads, cpu } = gguf ?? {};
  const engine = await startGgufProcess(
    {
      ...{ file, servedAs: served_as ?? model },
      ...(sequences !== undefined && { sequences }),
      ...(threads !== undefined && { threads }),
      ...(cpu !== undefined && { cpu }),
      ...(context !== undefined && { contextTokens: context }),
    },
    onEvent,
  );
  const { contextTokens } = engine.about;
  const started = new Map([[key, { urls: [engine.url], contextTokens }]]);
  return { started, close: () => engine.close(), retire: () => engine.retire() };
}

/** A configuration with the addresses of its local engines filled in. */
export function withReplicas(config: Config, started: ReadonlyMap<string, Started>): Config {
  if (started.size === 0) return config;
  const pools = Object.fromEntries(
    Object.entries(config.pool.pools).map(([name, entry]) => {
      const found = started.get(name);
      if (found === undefined) return [name, entry];
      const replicas = found.urls.map((url, at) => ({ url, id: String(at + 1), weight: 1 }));
      const context = found.contextTokens === undefined ? undefined : { context: found.contextTokens };
      return [name, { ...entry, ...context, replicas }];
    }),
  );
  return { ...config, pool: { ...config.pool, pools } };
}
