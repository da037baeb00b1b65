import type { Tokens } from '#contract/units.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import { Recency } from './recency.js';

/** How large a cache must be to hold the beginnings of prompts. */
export interface ReuseDistances {
  /** Tokens in a block; the first request's that has any, where they differ. */
  readonly blockTokens: Tokens;
  /** Blocks looked up, and how many different ones there are. */
  readonly blocks: number;
  readonly distinctBlocks: number;
  /**
   * For each request looked at, and each block from the start of its prompt that somebody asked for before: the blocks of a cache that holds
   * it and all before it. Never falling. Requests are all of them, unless there are more blocks than the bound.
   */
  readonly found: readonly (readonly number[])[];
}

/** 64 MB of counters; what comes after is left out. */
const MOST_BLOCKS = 16_000_000;

/**
 * The least cache that finds each block, for a least-recently-used cache that all requests share, in one pass (Mattson, 1970): a block is found by
 * caches of at least as many blocks as its place in the order of last use. A hit counts only if all blocks before it are hits as well; of one
 * prompt the end is forgotten before the beginning, as engines do. `undefined` for a trace without block hashes.
 */
export function reuseDistances(
  requests: readonly Pick<TraceRequest, 'prefix'>[],
  mostBlocks = MOST_BLOCKS,
): ReuseDistances | undefined {
  let total = 0;
  for (const { prefix } of requests) total += prefix.hashes.length;
  if (total === 0) return undefined;
  const recency = new Recency(Math.min(total, mostBlocks));
  const found: number[][] = [];
  let blocks = 0;
  let blockTokens = 0;
  for (const { prefix } of requests) {
    const { hashes } = prefix;
    if (hashes.length > recency.left) break;
    blocks += hashes.length;
    if (hashes.length > 0 && blockTokens === 0) blockTokens = prefix.blockTokens;
    const sizes: number[] = [];
    let size = 0;
    for (let i = 0; i < hashes.length; i++) {
      size = Math.max(size, recency.rank(hashes[i]!));
      if (size === Number.POSITIVE_INFINITY) break;
      sizes.push(size);
    }
    found.push(sizes);
    for (let i = hashes.length - 1; i >= 0; i--) recency.touch(hashes[i]!);
  }
  return { blockTokens, blocks, distinctBlocks: recency.size, found };
}
