import type { PoolConfig, PoolEntry } from '#pool/schema.js';
import { suggestion } from './nearest.js';
import type { Finding, Path } from './problem.js';

/** What two pools must have in common for a replica to serve in either. */
const ALIKE = [
  ...['model', 'served_as', 'api', 'api_key', 'headers', 'stream_usage', 'adapters', 'placement'],
  ...['gpu', 'tp', 'pp', 'ep', 'power', 'gpu_price', 'cache_blocks', 'host_memory', 'weights', 'kv_cache'],
] as const satisfies readonly (keyof PoolEntry)[];

/** Pairs under `pool.rebalance`: pools that exist, that one replica can serve in, and that no other pair has. */
export function checkRebalance({ models, pools, rebalance = {} }: PoolConfig): readonly Finding[] {
  const taken = new Set<string>();
  return Object.entries(rebalance).flatMap(([name, { short, long, boundaries = [] }]): readonly Finding[] => {
    const path: Path = ['pool', 'rebalance', name];
    const findings: Finding[] = [];
    for (const [side, pool] of [
      ['short', short],
      ['long', long],
    ] as const) {
      const at = { path: [...path, side], at: 'value' } as const;
      const entry = pools[pool];
      if (entry === undefined) {
        const hint = suggestion(pool, Object.keys(pools));
        const message = `there is no pool ${JSON.stringify(pool)}`;
        findings.push({ code: 'config.unknown_reference', ...at, message, ...(hint !== undefined && { hint }) });
      } else if (entry.cloud !== undefined || entry.gguf !== undefined || entry.prefill !== undefined) {
        const message = `${JSON.stringify(pool)} has no replicas that could serve in another pool`;
        findings.push({ code: 'config.invalid', ...at, message, hint: 'replicas or simulate, without prefill' });
      } else if (Object.values(pools).some(({ prefill }) => prefill?.pool === pool)) {
        const message = `${JSON.stringify(pool)} computes prompts for another pool`;
        findings.push({ code: 'config.invalid', ...at, message, hint: 'a pool that answers requests' });
      } else if (taken.has(pool)) {
        const message = `${JSON.stringify(pool)} stands in two pairs`;
        findings.push({ code: 'config.duplicate', ...at, message, hint: 'one pair for each pool' });
      }
      taken.add(pool);
    }
    const [first, second] = [pools[short], pools[long]];
    if (findings.length > 0 || first === undefined || second === undefined) return findings;
    const different =
      ALIKE.find(key => JSON.stringify(first[key]) !== JSON.stringify(second[key])) ?? engine(first, second);
    const at = { path, at: 'key' } as const;
    if (different !== undefined) {
      const message = `${JSON.stringify(short)} and ${JSON.stringify(long)} differ in ${different}: a replica could not serve in both`;
      findings.push({ code: 'config.invalid', ...at, message, hint: `the same ${different} in both` });
    }
    const windowOf = (entry: PoolEntry) => entry.context ?? models[entry.model]?.context ?? 0;
    const longest = windowOf(second);
    if (windowOf(first) >= longest) {
      const message = `the window of ${JSON.stringify(short)} is not shorter than that of ${JSON.stringify(long)}`;
      findings.push({ code: 'config.range', ...at, message, hint: `context: below ${longest} in ${short}` });
    }
    const wide = boundaries.findIndex(boundary => boundary >= longest);
    if (wide >= 0) {
      const message = `a boundary of ${boundaries[wide]} tokens leaves nothing to ${JSON.stringify(long)}`;
      findings.push({
        code: 'config.range',
        path: [...path, 'boundaries', wide],
        at: 'value',
        message,
        hint: `below ${longest}`,
      });
    }
    return findings;
  });
}

/** Simulated engines may differ in how many they are. */
function engine({ simulate: a }: PoolEntry, { simulate: b }: PoolEntry): string | undefined {
  const same = (entry: PoolEntry['simulate']) => entry && JSON.stringify({ ...entry, replicas: 1, seed: 1 });
  return same(a) === same(b) ? undefined : 'simulate';
}
