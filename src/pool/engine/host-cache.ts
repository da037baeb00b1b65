import type { PromptPrefix } from '#contract/profile.js';
import type { Bytes } from '#contract/units.js';
import type { HostMemory } from './engine.js';
import type { EngineProfile } from './profile.js';

/**
 * The memory of an engine's host in whole KV blocks, each as large as a block of all GPUs of the replica together.
 *
 * @param gigabytesPerSecond that each GPU reads from it.
 */
export function hostMemory(
  { kvTransferBytesPerToken, blockTokens }: EngineProfile,
  bytes: Bytes,
  gigabytesPerSecond: number,
): HostMemory {
  return { blocks: Math.floor(bytes / (kvTransferBytesPerToken * blockTokens)), bandwidth: gigabytesPerSecond * 1e9 };
}

/** Prefix blocks in the host's memory, least recently used first out. What is read from it stays in it. */
export class HostCache {
  /** KV blocks by hash, from the least to the most recently used. */
  private readonly held = new Map<number, number>();
  private used = 0;

  /** @param dropped told of each prefix block that has to go. */
  constructor(
    private readonly capacity: number,
    private readonly dropped?: (hash: number) => void,
  ) {}

  /** Takes a block in that left the GPUs' cache. @returns whether it was not there yet. */
  put(hash: number, blocks: number): boolean {
    if (blocks > this.capacity) return false;
    if (this.held.delete(hash)) {
      this.held.set(hash, blocks);
      return false;
    }
    this.held.set(hash, blocks);
    this.used += blocks;
    for (const [oldest, size] of this.held) {
      if (this.used <= this.capacity) break;
      this.held.delete(oldest);
      this.used -= size;
      this.dropped?.(oldest);
    }
    return true;
  }

  /** How many blocks of a prefix it holds in a row, from one on and up to a limit. */
  lookup({ hashes }: PromptPrefix, from: number, limit: number): number {
    let at = from;
    while (at < limit && this.held.has(hashes[at]!)) at++;
    return at - from;
  }

  /** The same, and they are used: the beginning stays longer than the end. */
  take(prefix: PromptPrefix, from: number, limit: number): number {
    const blocks = this.lookup(prefix, from, limit);
    for (let at = from + blocks - 1; at >= from; at--) {
      const hash = prefix.hashes[at]!;
      const size = this.held.get(hash)!;
      this.held.delete(hash);
      this.held.set(hash, size);
    }
    return blocks;
  }
}
