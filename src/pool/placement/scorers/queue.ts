import type { Scorer } from '#pool/placement/scorer.js';
import { minMax } from './min-max.js';

/**
 * Fewest waiting: (most − own) / (most − least) over requests whose answer has not begun, 1 for all when equal. The queue scorer of
 * llm-d, on what this gateway knows itself instead of a gauge read some time ago.
 */
export function queue(): Scorer {
  return minMax('queue', replica => replica.waiting);
}
