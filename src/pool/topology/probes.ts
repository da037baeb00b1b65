import type { Milliseconds } from '#contract/units.js';
import { DEFAULT_HEALTH, type HealthSettings } from '#pool/resilience-schema.js';
import type { PoolEntry } from '#pool/schema.js';
import { isPrivate } from './address.js';
import type { ServedPool } from './served.js';

/** One replica that is to be probed, and how: whoever can do HTTP does it and reports with `probed`. */
export interface Probe {
  /** The replica. */
  readonly id: string;
  readonly pool: string;
  readonly url: string;
  readonly intervalMs: Milliseconds;
  readonly timeoutMs: Milliseconds;
}

/**
 * How a replica of a pool is probed. Unless the pool says, replicas on loopback and private addresses are, and all others are
 * not: a public provider has no health path of ours, and counts each call.
 */
export function probeSettings(entry: PoolEntry, url: string): HealthSettings | undefined {
  if (entry.health === false || !/^https?:/.test(url)) return undefined;
  if (entry.health !== undefined) return entry.health;
  return isPrivate(url) ? DEFAULT_HEALTH : undefined;
}

/** All replicas of some pools that are to be probed. */
export function probesOf(pools: Iterable<ServedPool>): readonly Probe[] {
  const probes: Probe[] = [];
  for (const { name, entry, replicas } of pools) {
    for (const { id, target } of replicas) {
      const settings = probeSettings(entry, target.url);
      if (settings === undefined) continue;
      const { interval: intervalMs, timeout: timeoutMs, path } = settings;
      probes.push({ id, pool: name, url: `${target.url}${path}`, intervalMs, timeoutMs });
    }
  }
  return probes;
}
