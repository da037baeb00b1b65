import type { Clock } from '#contract/clock.js';
import { WeirError } from '#contract/errors.js';
import type { Price } from '#contract/pool-view.js';
import type { Random } from '#contract/random.js';
import type { ReplicaTarget } from '#pool/lease.js';
import type { ModelConfig } from '#pool/model-schema.js';
import type { Placer } from '#pool/placement/placer.js';
import { type PlacementSpec, weighsContext } from '#pool/placement/schema.js';
import type { PoolConfig, PoolEntry } from '#pool/schema.js';
import { hardwareOf } from './hardware.js';
import { listedReplicas, replicaId } from './listed-replicas.js';
import { probeSettings } from './probes.js';
import { Replica, type ReplicaSettings } from './replica.js';
import { newMemory, type ServedModel, ServedPool, type Tier, type Topology } from './served.js';

/** Makes the placer that chooses among the replicas of one model that are placed in the same way. */
export type PlacerFactory = (placement: PlacementSpec, random: Random) => Placer;

export interface BuildPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly placer: PlacerFactory;
}

const NONE: ReadonlySet<Replica> = new Set();

/** One replica as configured: what identifies it and what may change while it lives. */
interface Plan {
  readonly target: ReplicaTarget;
  readonly settings: ReplicaSettings;
}

/**
 * Builds what a configuration describes. Of `previous`, replicas that keep their name, URL and served name keep everything that
 * is known of them, pools that keep their name and model what is known of their speed, and placers their prefix index, less what
 * they know of replicas that changed or went.
 *
 * @param leaving replicas that went before with requests on them: one that comes again has them, and its limit counts them.
 * @throws WeirError `config.unknown_reference` or `config.duplicate`; nothing of `previous` has been touched then.
 */
export function buildTopology(
  config: PoolConfig,
  previous: Topology,
  ports: BuildPorts,
  leaving: ReadonlySet<Replica> = NONE,
): Topology {
  const plans = planReplicas(config);
  const placers = new Map<string, Placer>();
  for (const entry of Object.values(config.pools)) {
    const key = placerKey(entry);
    if (placers.has(key)) continue;
    placers.set(key, previous.placers.get(key) ?? ports.placer(entry.placement, ports.random.fork(`placer ${key}`)));
  }

  const replicas = new Map<string, Replica>();
  const pools = new Map<string, ServedPool>();
  for (const [name, planned] of plans) {
    const entry = config.pools[name]!;
    const placer = placers.get(placerKey(entry))!;
    const old = previous.pools.get(name);
    const own = planned.map(plan => keepOrMake(plan, entry, placer, previous, ports, leaving));
    for (const replica of own) replicas.set(replica.id, replica);
    const memory = old !== undefined && old.entry.model === entry.model ? old.memory : newMemory();
    pools.set(name, new ServedPool(name, entry, windowOf(config, entry), own, placer, memory));
  }
  for (const old of previous.pools.values()) {
    for (const replica of old.replicas) {
      if (replicas.get(replica.id) === replica && placers.get(placerKey(old.entry)) === old.placer) continue;
      old.placer.forget(replica.id);
    }
  }
  for (const pool of pools.values()) {
    pool.beside = [...pools.values()].filter(other => other !== pool && shareModel(pool.entry, other.entry));
  }
  const answering = new Map([...pools].filter(([name]) => !prefillPools(config).has(name)));
  const models = new Map(Object.entries(config.models).map(([name, model]) => [name, serve(name, model, answering)]));
  return { models, pools, replicas, placers };
}

/** Pools that compute prompts for another and answer no requests themselves. */
export function prefillPools(config: PoolConfig): ReadonlySet<string> {
  const names = Object.values(config.pools).flatMap(({ prefill }) => (prefill === undefined ? [] : [prefill.pool]));
  return new Set(names);
}

function placerKey(entry: PoolEntry): string {
  return `${JSON.stringify(entry.placement)} ${entry.model}`;
}

/** Whether a pool serves a model, as its own or as an adapter beside it. */
export function serves(entry: PoolEntry, model: string): boolean {
  return entry.model === model || entry.adapters?.models.includes(model) === true;
}

function shareModel(one: PoolEntry, other: PoolEntry): boolean {
  return [one.model, ...(one.adapters?.models ?? [])].some(model => serves(other, model));
}

function windowOf(config: PoolConfig, entry: PoolEntry): number {
  return entry.context ?? config.models[entry.model]!.context;
}

function planReplicas(config: PoolConfig): ReadonlyMap<string, readonly Plan[]> {
  const plans = new Map<string, Plan[]>();
  const seen = new Set<string>();
  for (const [name, entry] of Object.entries(config.pools)) {
    if (config.models[entry.model] === undefined) {
      throw new WeirError('config.unknown_reference', `pool ${name} serves ${entry.model}, which is no model`, {
        path: `pool.pools.${name}.model`,
        hint: `models are ${Object.keys(config.models).slice(0, 8).join(', ') || 'missing'}`,
      });
    }
    plans.set(
      name,
      listedReplicas(name, entry).map(replica => {
        const id = replicaId(name, replica);
        if (seen.has(id)) {
          throw new WeirError('config.duplicate', `the replica ${id} stands twice`, {
            path: `pool.pools.${name}.replicas`,
            hint: 'remove one, or raise its weight if it should take more',
          });
        }
        seen.add(id);
        return {
          target: {
            id,
            pool: name,
            url: replica.url,
            servedModel: replica.served_as ?? entry.served_as ?? entry.model,
          },
          settings: {
            limit: Math.max(1, Math.round(entry.concurrency * replica.weight)),
            contextTokens: windowOf(config, entry),
            cacheBlocks: entry.cache_blocks,
            circuit: entry.circuit,
            probeFailures: probeSettings(entry, replica.url)?.failures,
            mayRest: entry.ejection !== false,
            hardware: hardwareOf(entry, replica, windowOf(config, entry)),
            adapters: entry.adapters,
          },
        };
      }),
    );
  }
  return plans;
}

function keepOrMake(
  plan: Plan,
  entry: PoolEntry,
  placer: Placer,
  previous: Topology,
  ports: BuildPorts,
  leaving: ReadonlySet<Replica>,
): Replica {
  const { target, settings } = plan;
  const isIt = (replica: Replica): boolean =>
    replica.id === target.id &&
    replica.target.url === target.url &&
    replica.target.servedModel === target.servedModel &&
    replica.model === entry.model;
  const before = previous.replicas.get(target.id);
  const old = before !== undefined && isIt(before) ? before : [...leaving].find(isIt);
  if (old === undefined) {
    const made = new Replica(target, entry.model, settings, ports.clock, ports.random.fork(`replica ${target.id}`));
    // Who drained it works on that machine, perhaps on the very model: only they say when it is ready.
    if (before?.target.url === target.url) made.drained = before.drained;
    return made;
  }
  old.target = target;
  if (old.draining) {
    old.draining = false;
    old.drained = false;
  }
  if (old.configure(settings)) placer.forget(old.id);
  return old;
}

function priceOf(model: ModelConfig): Price {
  const { prompt, completion, cached } = model.price;
  return { prompt, completion, cached: cached ?? prompt };
}

function serve(name: string, model: ModelConfig, all: ReadonlyMap<string, ServedPool>): ServedModel {
  const pools = [...all.values()].filter(pool => serves(pool.entry, name));
  const groups = new Map<string, ServedPool[]>();
  for (const pool of pools) {
    const window = weighsContext(pool.entry.placement) ? 'any' : pool.contextTokens;
    // Adapters may be served beside different models: what those have cached is not comparable.
    const key = `${window} ${placerKey(pool.entry)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [pool]);
    else group.push(pool);
  }
  const tiers = [...groups.values()].map((group): Tier => {
    const first = group[0]!;
    return {
      contextTokens: Math.max(...group.map(pool => pool.contextTokens)),
      pools: group,
      replicas: group.flatMap(pool => pool.replicas),
      placer: first.placer,
    };
  });
  tiers.sort((a, b) => a.contextTokens - b.contextTokens);
  return { name, price: priceOf(model), pools, tiers, waiting: 0 };
}
