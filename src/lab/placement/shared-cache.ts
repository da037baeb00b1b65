import type { PromptPrefix } from '#contract/profile.js';

/**
 * One prefix cache that all requests share: what no placement on separate caches of the same total size can be expected to beat by
 * much. Least recently used blocks go first; of one prompt the end before the beginning, as engines do.
 */
export class SharedCache {
  /** From least to most recently used. */
  private readonly blocks = new Set<number>();
  /** Blocks found, and looked for. */
  hits = 0;
  lookups = 0;

  /** @param capacity blocks; infinite for a cache that forgets nothing. */
  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.blocks.size;
  }

  /** A request came: counts how many blocks from the start of its prompt are cached without a gap, then caches all of it. */
  request({ hashes }: PromptPrefix): number {
    const { blocks } = this;
    let found = 0;
    while (found < hashes.length && blocks.has(hashes[found]!)) found++;
    this.hits += found;
    this.lookups += hashes.length;
    for (let i = hashes.length - 1; i >= 0; i--) {
      blocks.delete(hashes[i]!);
      blocks.add(hashes[i]!);
    }
    for (const oldest of blocks) {
      if (blocks.size <= this.capacity) break;
      blocks.delete(oldest);
    }
    return found;
  }
}
