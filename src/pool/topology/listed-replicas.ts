import type { ReplicaEntry } from '#pool/replica-schema.js';
import type { PoolEntry } from '#pool/schema.js';
import { addressOf } from './address.js';

/**
 * Replicas of a pool. Engines of its own that nobody has given an address are reached by name only: in virtual time there is nothing
 * to connect to.
 */
export function listedReplicas(name: string, entry: PoolEntry): readonly ReplicaEntry[] {
  if (entry.replicas !== undefined) return entry.replicas;
  if (entry.cloud !== undefined) return [{ url: entry.cloud, id: 'cloud', weight: 1 }];
  const [kind, count] = entry.simulate === undefined ? ['gguf', 1] : ['simulated', entry.simulate.replicas];
  return Array.from({ length: count }, (_, i) => ({
    url: `${kind}:${name}/${i}`,
    id: `${kind}-${i}`,
    weight: 1,
  }));
}

/** What a replica is called: by the pool that it is at home in. */
export function replicaId(pool: string, { home, id, url }: ReplicaEntry): string {
  return `${home ?? pool}/${id ?? addressOf(url)}`;
}
