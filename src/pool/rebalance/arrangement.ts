import type { Tokens } from '#contract/units.js';
import type { ReplicaEntry } from '#pool/replica-schema.js';
import type { PoolConfig, PoolEntry } from '#pool/schema.js';
import { listedReplicas, replicaId } from '#pool/topology/listed-replicas.js';

/** Where pools and replicas stand now, where that is not as the file has it. */
export interface Arrangement {
  /** Windows by pool. */
  readonly windows: ReadonlyMap<string, Tokens>;
  /** Pools by replica. */
  readonly places: ReadonlyMap<string, string>;
}

/**
 * A configuration as it is arranged now. Replicas keep their names, which say where they are at home. What the configuration has no pair
 * for is as it says itself.
 */
export function arranged(config: PoolConfig, arrangement: Arrangement): PoolConfig {
  const pairs = Object.values(config.rebalance ?? {});
  const windows = new Map([...arrangement.windows].filter(([pool]) => pairs.some(({ short }) => short === pool)));
  const places = new Map(
    [...arrangement.places].filter(([id, to]) =>
      pairs.some(({ short, long }) => [`${short} ${long}`, `${long} ${short}`].includes(`${homeOf(id)} ${to}`)),
    ),
  );
  if (windows.size === 0 && places.size === 0) return config;
  const touched = new Set([...windows.keys(), ...places.values()]);
  const guests = new Map<string, ReplicaEntry[]>();
  const stays = new Map<string, ReplicaEntry[]>();
  for (const [name, entry] of Object.entries(config.pools)) {
    const own: ReplicaEntry[] = [];
    for (const replica of listedReplicas(name, entry)) {
      const at = places.get(replicaId(name, replica));
      if (at === undefined || at === name) own.push(replica);
      else {
        touched.add(name);
        guests.set(at, [...(guests.get(at) ?? []), { ...replica, home: name }]);
      }
    }
    stays.set(name, own);
  }
  const pools = Object.entries(config.pools).map(([name, entry]): readonly [string, PoolEntry] => {
    if (!touched.has(name)) return [name, entry];
    const context = windows.get(name) ?? entry.context;
    const replicas = [...(stays.get(name) ?? []), ...(guests.get(name) ?? [])];
    return [name, { ...entry, replicas, ...(context === undefined ? undefined : { context }) }];
  });
  return { ...config, pools: Object.fromEntries(pools) };
}

/** The pool that a replica is at home in: its name begins with it. */
export function homeOf(replica: string): string {
  return replica.slice(0, replica.indexOf('/'));
}

/** Whether a pool shares its replicas with another. */
export function inPair({ rebalance = {} }: PoolConfig, name: string): boolean {
  return Object.values(rebalance).some(({ short, long }) => short === name || long === name);
}

/** The window that the engines of a pool must take: that of its pair's long pool, where it is one of a pair. */
export function engineWindow({ models, pools, rebalance = {} }: PoolConfig, name: string): Tokens {
  const pair = Object.values(rebalance).find(({ short, long }) => short === name || long === name);
  const entry = pools[pair?.long ?? name]!;
  return entry.context ?? models[entry.model]!.context;
}
