import type { Tokens } from '#contract/units.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import { reuseDistances } from './reuse-distances.js';

/** How much of the prompts a prefix cache would hold, by its size. */
export interface PrefixReuse {
  /** Tokens in a block; the first request's that has any, where they differ. */
  readonly blockTokens: Tokens;
  /** Blocks looked up, and how many different ones there are. */
  readonly blocks: number;
  readonly distinctBlocks: number;
  /** Share of blocks found in a cache that forgets nothing. */
  readonly infinite: number;
  /** Share of blocks found in one cache of so many blocks that all requests share. */
  readonly bySize: readonly { readonly blocks: number; readonly tokens: Tokens; readonly hitRate: number }[];
  /** Requests looked at: all of them, unless there are more blocks than the bound. */
  readonly requests: number;
}

/**
 * Hit rates of a least-recently-used prefix cache at every size ({@link reuseDistances}). `undefined` for a trace without block hashes.
 */
export function prefixReuse(requests: readonly TraceRequest[], mostBlocks?: number): PrefixReuse | undefined {
  const distances = reuseDistances(requests, mostBlocks);
  if (distances === undefined) return undefined;
  const { blockTokens, blocks, distinctBlocks, found: sizes } = distances;
  const sorted = Float64Array.from(sizes.flat()).sort();
  const bySize = [];
  let found = 0;
  for (let size = 64; size < 2 * distinctBlocks; size *= 2) {
    while (found < sorted.length && sorted[found]! <= size) found++;
    bySize.push({ blocks: size, tokens: size * blockTokens, hitRate: blocks > 0 ? found / blocks : 0 });
  }
  return {
    ...{ blockTokens, blocks, distinctBlocks },
    infinite: blocks > 0 ? sorted.length / blocks : 0,
    bySize,
    requests: sizes.length,
  };
}
