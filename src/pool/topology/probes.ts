import type { Milliseconds } from '#contract/units.js';
import { DEFAULT_HEALTH, type HealthSettings } from '#pool/resilience-schema.js';
import type { PoolEntry } from '#pool/schema.js';
import { isPrivate } from './address.js';

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
