import type { PlacementConstraints } from '#contract/route.js';
import type { Tokens } from '#contract/units.js';
import type { Tier } from './served.js';

/**
 * The longest window that a request is just too long for: it needs up to γ times as many tokens (`compress` of a pool), and a replica with
 * that window is up. Longer windows that it fits as it is do not matter: they are what compressing is to spare.
 *
 * @param tiers shortest window first.
 * @param constraints where the request may go.
 */
export function borderlineOf(
  tiers: readonly Tier[],
  tokens: Tokens,
  { pools: allowed }: PlacementConstraints = {},
): Tokens | undefined {
  const open = (pool: string): boolean => allowed === undefined || allowed.includes(pool);
  let window: Tokens | undefined;
  for (const { contextTokens, pools, replicas } of tiers) {
    if (tokens <= contextTokens) break;
    const gamma = Math.max(...pools.map(({ name, entry }) => (open(name) ? entry.compress : 1)));
    if (
      tokens <= gamma * contextTokens &&
      replicas.some(({ pool, unavailable }) => open(pool) && unavailable === undefined)
    ) {
      window = contextTokens;
    }
  }
  return window;
}
