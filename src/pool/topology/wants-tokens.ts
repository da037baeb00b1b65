import type { Tier } from './served.js';

/** Whether placement in some tier would be better if it knew a request's tokens: two replicas could take it, and one of them tells of its cache. */
export function wantsTokens(tiers: readonly Tier[]): boolean {
  for (const { placer, replicas } of tiers) {
    const { blocks } = placer;
    if (blocks === undefined || blocks.silent) continue;
    let open = 0;
    let known = false;
    for (const replica of replicas) {
      if (replica.unavailable !== undefined) continue;
      open += 1;
      known ||= blocks.hears(replica.id);
      if (known && open > 1) return true;
    }
  }
  return false;
}
