import type { Scorer } from '#pool/placement/scorer.js';
import { minMax } from './min-max.js';

/** Fewest answers being written: (most − own) / (most − least) over requests whose answer has begun, 1 for all when equal. */
export function running(): Scorer {
  return minMax('running', replica => Math.max(0, replica.inFlight - replica.waiting));
}
