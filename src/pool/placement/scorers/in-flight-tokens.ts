import type { Scorer } from '#pool/placement/scorer.js';
import { leastOf } from './least-of.js';

/**
 * Fewest tokens in flight: prompts and expected answers of the requests on a replica, the KV that they occupy and that each of its
 * iterations reads.
 *
 * @param weight what one token in flight is worth, in tokens of prefill.
 */
export function inFlightTokens(weight: number): Scorer {
  return leastOf('in-flight tokens', weight, replica => replica.inFlightTokens);
}
