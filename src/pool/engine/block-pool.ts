import type { PromptPrefix } from '#contract/profile.js';
import type { Milliseconds, Tokens } from '#contract/units.js';

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
  /** 0 to 100: what is unreferenced goes lowest first, until `expiresAt`. */
  priority: number;
  expiresAt: Milliseconds;
  /** Rank of its last use. */
  usedAt: number;
  /** The priority of the list of unreferenced entries it stands in, and its neighbours there. */
  listed: number;
  older: CacheEntry | undefined;
  newer: CacheEntry | undefined;
}

const HIGHEST = 100;

/**
 * The KV blocks of one engine: private ones that one sequence holds, and cached prefixes that sequences share. Private, shared
 * and cached blocks together never exceed the total, and a count of entries never exceeds the count of blocks.
 */
export class BlockPool {
  private readonly entries = new Map<number, CacheEntry>();
  /** Unreferenced entries by priority, each list from least to most recently used. */
  private readonly oldest: (CacheEntry | undefined)[] = [];
  private readonly newest: (CacheEntry | undefined)[] = [];
  /** When the first that is kept may be like all others again. */
  private nextExpiry: Milliseconds = Number.POSITIVE_INFINITY;
  private uses = 0;
  /** Time of the engine. */
  now: Milliseconds = 0;
  private privateBlocks = 0;
  private sharedBlocks = 0;
  private unreferencedBlocks = 0;
  /** Grows when blocks come free or an entry comes in: before that, what did not fit still does not. */
  version = 0;

  /** @param evicted told of each cached prefix block that has to go, and how many KV blocks it is. */
  constructor(
    readonly total: number,
    private readonly evicted?: (hash: number, blocks: number) => void,
  ) {}

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
    const entry: CacheEntry = {
      hash,
      tokens,
      blocks,
      references: 1,
      priority: 0,
      expiresAt: 0,
      usedAt: 0,
      listed: 0,
      older: undefined,
      newer: undefined,
    };
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

  /**
   * Has a block that a sequence references be evicted after those of lower priority, until a time. Of several wishes the highest
   * priority and the latest time count.
   */
  retain(entry: CacheEntry, priority: number, until: Milliseconds): void {
    const valid = entry.expiresAt > this.now;
    entry.priority = Math.max(valid ? entry.priority : 0, Math.min(HIGHEST, Math.max(0, Math.round(priority))));
    entry.expiresAt = Math.max(entry.expiresAt, until);
  }

  /** The least recently used of the lowest priority goes. */
  private evictOldest(): void {
    if (this.nextExpiry <= this.now) this.expire();
    let priority = 0;
    while (this.oldest[priority] === undefined) priority++;
    const entry = this.oldest[priority]!;
    this.unlink(entry);
    this.unreferencedBlocks -= entry.blocks;
    this.entries.delete(entry.hash);
    this.evicted?.(entry.hash, entry.blocks);
  }

  /** Puts what need not be kept any longer among all others, where its last use has it. */
  private expire(): void {
    const expired: CacheEntry[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (let priority = 1; priority < this.oldest.length; priority++) {
      for (let entry = this.oldest[priority]; entry !== undefined; entry = entry.newer) {
        if (entry.expiresAt <= this.now) expired.push(entry);
        else next = Math.min(next, entry.expiresAt);
      }
    }
    this.nextExpiry = next;
    let before = this.oldest[0];
    for (const entry of expired.sort((one, other) => one.usedAt - other.usedAt)) {
      this.unlink(entry);
      while (before !== undefined && before.usedAt < entry.usedAt) before = before.newer;
      entry.listed = 0;
      entry.newer = before;
      entry.older = before === undefined ? this.newest[0] : before.older;
      if (entry.older === undefined) this.oldest[0] = entry;
      else entry.older.newer = entry;
      if (before === undefined) this.newest[0] = entry;
      else before.older = entry;
    }
  }

  private append(entry: CacheEntry): void {
    const at = entry.expiresAt > this.now ? entry.priority : 0;
    entry.listed = at;
    entry.usedAt = ++this.uses;
    if (at > 0) this.nextExpiry = Math.min(this.nextExpiry, entry.expiresAt);
    entry.older = this.newest[at];
    entry.newer = undefined;
    if (entry.older === undefined) this.oldest[at] = entry;
    else entry.older.newer = entry;
    this.newest[at] = entry;
  }

  private unlink(entry: CacheEntry): void {
    const { listed: at, older, newer } = entry;
    if (older === undefined) this.oldest[at] = newer;
    else older.newer = newer;
    if (newer === undefined) this.newest[at] = older;
    else newer.older = older;
    entry.older = undefined;
    entry.newer = undefined;
  }
}
