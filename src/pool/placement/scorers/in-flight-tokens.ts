import type { Scorer } from '#pool/placement/scorer.js';
import { leastOf } from './least-of.js';

/**
 * Fewest tokens in flight: prompts and expected answers of the requests on a replica, the KV that they occupy and that each of its
 * iterations reads.
 *
 * What tokens in flight cost grows with their square: T on a replica count as weight · T · T / mean, so that a replica with the
 * mean counts its own, and one with all the load of eight counts eight times that. Small differences, which come and go, then
 * weigh little against a cached prefix, and no prefix is worth a hot spot.
 *
 * @param weight what one token in flight on a replica of mean load is worth, in tokens of prefill.
 */
export function inFlightTokens(weight: number): Scorer {
  return leastOf('in-flight tokens', weight, (replicas, costs) => {
    const count = replicas.length;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const tokens = Math.max(0, replicas[i]!.inFlightTokens);
      costs[i] = tokens;
      sum += tokens;
    }
    const mean = sum / count;
    for (let i = 0; i < count; i++) costs[i] = mean > 0 ? (costs[i]! * costs[i]!) / mean : 0;
  });
}
