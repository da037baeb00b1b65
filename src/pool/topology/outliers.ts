import type { Milliseconds } from '#contract/units.js';
import type { EjectionSettings } from '#pool/resilience-schema.js';
import type { Replica } from './replica.js';

/** A replica is judged at most this often. */
const JUDGE_EVERY_MS = 1000;

/** Errors that even a lone failing request among peers without any must exceed. */
const ERROR_FLOOR = 0.1;

/** Lag behind the pool below which slowness harms nobody. */
const EXCESS_FLOOR_MS = 50;

/**
 * Whether a replica is so much worse than its peers that it should rest: what a circuit breaker, which sees one replica only,
 * cannot tell. Two grounds, each needing `least_requests`:
 *
 * - errors: its share of failed requests is above `0.1 + factor · (share of all its peers together)`;
 * - slowness: its time to first token over what the pool would need for the same prompt is above `factor` times the median of
 *   its peers, and it lags by more than 50 ms on average.
 *
 * Not more than `share` of the pool is out at once, and never the last available replica.
 *
 * @returns the ground, or `undefined` when it may stay. The caller ejects.
 */
export function judge(
  replica: Replica,
  pool: readonly Replica[],
  settings: EjectionSettings,
  now: Milliseconds,
): 'errors' | 'slow' | undefined {
  if (pool.length < 2 || now - replica.lastJudgedAt < JUDGE_EVERY_MS) return undefined;
  replica.lastJudgedAt = now;
  if (replica.whyOut(now) !== undefined) return undefined;
  const ground = worseThanPeers(replica, pool, settings, now);
  if (ground === undefined) return undefined;

  let ejected = 0;
  let others = 0;
  for (const peer of pool) {
    if (peer === replica) continue;
    if (peer.ejection.active(now)) ejected += 1;
    if (peer.whyOut(now) === undefined) others += 1;
  }
  return others >= 1 && ejected + 1 <= Math.floor(settings.share * pool.length) ? ground : undefined;
}

function worseThanPeers(
  replica: Replica,
  pool: readonly Replica[],
  settings: EjectionSettings,
  now: Milliseconds,
): 'errors' | 'slow' | undefined {
  const { factor, least_requests } = settings;
  const requests = replica.breaker.requests(now);
  const share = requests === 0 ? 0 : replica.breaker.failures(now) / requests;
  if (requests >= least_requests && share > ERROR_FLOOR) {
    let peerRequests = 0;
    let peerFailures = 0;
    for (const peer of pool) {
      if (peer === replica) continue;
      peerRequests += peer.breaker.requests(now);
      peerFailures += peer.breaker.failures(now);
    }
    if (peerRequests > 0 && share > ERROR_FLOOR + (factor * peerFailures) / peerRequests) return 'errors';
  }
  if (replica.slowness.count >= least_requests && (replica.excessMs.value ?? 0) > EXCESS_FLOOR_MS) {
    const own = replica.slowness.value ?? 1;
    let peers = 0;
    let outdone = 0;
    for (const peer of pool) {
      if (peer === replica || peer.slowness.count < least_requests) continue;
      peers += 1;
      if (own > factor * (peer.slowness.value ?? 1)) outdone += 1;
    }
    // Slower by the factor than half of its peers, the middle one included: slower by it than their lower median.
    if (peers > 0 && outdone > Math.floor((peers - 1) / 2)) return 'slow';
  }
  return undefined;
}
