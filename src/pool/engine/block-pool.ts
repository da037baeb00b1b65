import type { PromptPrefix } from '#contract/profile.js';
import type { Tokens } from '#contract/units.js';

/**
 * One block of a prompt's prefix, kept in KV blocks: what `hash` stands for beyond the hash before it. Referenced by the running
 * sequences that use it; with no reference it stays until its KV blocks are needed, least recently used first.
 */
export interface CacheEntry {
  readonly hash: number;
  readonly tokens: Tokens;
  /** KV blocks it takes: its tokens rounded up to whole ones. */
  readonly blocks: number;
  references: number;
  /** Neighbours in the list of unreferenced entries. */
  older: CacheEntry | undefined;
  newer: CacheEntry | undefined;
}

/**
 * The KV blocks of one engine: private ones that one sequence holds, and cached prefixes that sequences share. Private, shared
 * and cached blocks together never exceed the total, and a count of entries never exceeds the count of blocks.
 */
export class BlockPool {
  private readonly entries = new Map<number, CacheEntry>();
  private oldest: CacheEntry | undefined;
  private newest: CacheEntry | undefined;
  private privateBlocks = 0;
  private sharedBlocks = 0;
  private unreferencedBlocks = 0;
  /** Grows when blocks come free or an entry comes in: before that, what did not fit still does not. */
  version = 0;

  constructor(readonly total: number) {}

  /** Blocks held by sequences. */
  get used(): number {
    return this.privateBlocks + this.sharedBlocks;
  }

  /** Blocks of cached prefixes that no sequence uses. */
  get cached(): number {
    return this.unreferencedBlocks;
  }

  /** Blocks that can be had, by evicting cached prefixes if need be. */
  get available(): number {
    return this.total - this.used;
  }

  /** Takes `count` private blocks, evicting as needed; false, and nothing changed, when there are not as many. */
  take(count: number): boolean {
    if (count > this.available) return false;
    this.privateBlocks += count;
    while (this.used + this.unreferencedBlocks > this.total) this.evictOldest();
    return true;
  }

  /** Gives private blocks back. */
  give(count: number): void {
    this.privateBlocks -= count;
    this.version++;
  }

  /** How many of the first `limit` blocks of a prefix are cached, counted from the start up to the first that is not. */
  lookup(prefix: PromptPrefix, limit: number): number {
    let hits = 0;
    while (hits < limit && this.match(prefix, hits) !== undefined) hits++;
    return hits;
  }

  /** KV blocks that referencing the first `count` cached blocks of a prefix makes unavailable: those no sequence uses yet. */
  unreferencedAmong(prefix: PromptPrefix, count: number): number {
    let blocks = 0;
    for (let i = 0; i < count; i++) {
      const entry = this.match(prefix, i);
      if (entry !== undefined && entry.references === 0) blocks += entry.blocks;
    }
    return blocks;
  }

  /** References the first `count` blocks of a prefix, which {@link lookup} found, and appends them to `held`. */
  reference(prefix: PromptPrefix, count: number, held: CacheEntry[]): void {
    for (let i = 0; i < count; i++) {
      const entry = this.match(prefix, i);
      if (entry === undefined) continue;
      if (entry.references === 0) {
        this.unlink(entry);
        this.unreferencedBlocks -= entry.blocks;
        this.sharedBlocks += entry.blocks;
      }
      entry.references++;
      held.push(entry);
    }
  }

  /**
   * Turns `blocks` private blocks that now hold a computed prefix block into a cached one, referenced once. `undefined` when
   * that prefix is cached already: as in vLLM the copy then stays private.
   */
  publish(hash: number, tokens: Tokens, blocks: number): CacheEntry | undefined {
    if (this.entries.has(hash)) return undefined;
    const entry: CacheEntry = { hash, tokens, blocks, references: 1, older: undefined, newer: undefined };
    this.entries.set(hash, entry);
    this.privateBlocks -= blocks;
    this.sharedBlocks += blocks;
    this.version++;
    return entry;
  }

  /** Drops references, the end of the chain first, so that it is evicted before the beginning that more prompts share. */
  release(held: CacheEntry[]): void {
    for (let i = held.length - 1; i >= 0; i--) {
      const entry = held[i]!;
      if (--entry.references > 0) continue;
      this.sharedBlocks -= entry.blocks;
      this.unreferencedBlocks += entry.blocks;
      this.append(entry);
    }
    held.length = 0;
    this.version++;
  }

  private match(prefix: PromptPrefix, index: number): CacheEntry | undefined {
    const entry = this.entries.get(prefix.hashes[index]!);
    return entry !== undefined && entry.tokens === prefix.blockTokens ? entry : undefined;
  }

  private evictOldest(): void {
    const entry = this.oldest!;
    this.unlink(entry);
    this.unreferencedBlocks -= entry.blocks;
    this.entries.delete(entry.hash);
  }

  private append(entry: CacheEntry): void {
    entry.older = this.newest;
    entry.newer = undefined;
    if (this.newest === undefined) this.oldest = entry;
    else this.newest.newer = entry;
    this.newest = entry;
  }

  private unlink(entry: CacheEntry): void {
    if (entry.older === undefined) this.oldest = entry.newer;
    else entry.older.newer = entry.newer;
    if (entry.newer === undefined) this.newest = entry.older;
    else entry.newer.older = entry.older;
    entry.older = undefined;
    entry.newer = undefined;
  }
}
