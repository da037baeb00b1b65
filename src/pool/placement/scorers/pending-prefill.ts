import type { Scorer } from '#pool/placement/scorer.js';
import { leastOf } from './least-of.js';

/**
 * Shortest queue: prompt tokens placed on a replica that it has still to compute, cached ones left out. They are what a new
 * request's first token waits for.
 *
 * @param weight what one token queued is worth, in tokens of this request's own prefill.
 */
export function pendingPrefill(weight: number): Scorer {
  return leastOf('pending prefill', weight, (replicas, costs) => {
    for (let i = 0; i < replicas.length; i++) costs[i] = Math.max(0, replicas[i]!.pendingPrefillTokens);
  });
}
