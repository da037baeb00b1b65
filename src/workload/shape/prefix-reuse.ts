import type { Tokens } from '#contract/units.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import { Recency } from './recency.js';

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

/** 64 MB of counters; what comes after is left out and {@link PrefixReuse.requests} says so. */
const MOST_BLOCKS = 16_000_000;

/**
 * Hit rates of a least-recently-used prefix cache at every size, in one pass (Mattson, 1970): a block is found by caches of at
 * least as many blocks as its place in the order of last use. A hit counts only if all blocks before it are hits as well; of one
 * prompt the end is forgotten before the beginning, as engines do. `undefined` for a trace without block hashes.
 */
export function prefixReuse(requests: readonly TraceRequest[], mostBlocks = MOST_BLOCKS): PrefixReuse | undefined {
  let total = 0;
  for (const { prefix } of requests) total += prefix.hashes.length;
  if (total === 0) return undefined;
  const recency = new Recency(Math.min(total, mostBlocks));
  const needed: number[] = [];
  let blocks = 0;
  let covered = 0;
  let blockTokens = 0;
  for (const { prefix } of requests) {
    const { hashes } = prefix;
    if (hashes.length > recency.left) break;
    covered++;
    blocks += hashes.length;
    if (hashes.length > 0 && blockTokens === 0) blockTokens = prefix.blockTokens;
    let size = 0;
    for (let i = 0; i < hashes.length; i++) {
      size = Math.max(size, recency.rank(hashes[i]!));
      if (size === Number.POSITIVE_INFINITY) break;
      needed.push(size);
    }
    for (let i = hashes.length - 1; i >= 0; i--) recency.touch(hashes[i]!);
  }
  const sorted = Float64Array.from(needed).sort();
  const bySize = [];
  let found = 0;
  for (let size = 64; size < 2 * recency.size; size *= 2) {
    while (found < sorted.length && sorted[found]! <= size) found++;
    bySize.push({ blocks: size, tokens: size * blockTokens, hitRate: blocks > 0 ? found / blocks : 0 });
  }
  return {
    ...{ blockTokens, blocks, distinctBlocks: recency.size },
    infinite: blocks > 0 ? sorted.length / blocks : 0,
    bySize,
    requests: covered,
  };
}
