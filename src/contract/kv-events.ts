import type { Tokens } from './units.js';

/** Where a block of KV lies: the GPU's memory, the host's, or storage behind it. */
export type KvTier = 'device' | 'host' | 'disk';

/**
 * What an engine tells of its prefix cache. A block is named by an integer below 2^53 that stands for the engine's own hash of it; what it
 * is of is told by its tokens and the block before it.
 */
export type KvEvent =
  | {
      readonly kind: 'stored';
      /** In the order of the prompt, each behind the one before. */
      readonly blocks: readonly number[];
      /** The block before the first; absent at the start of a prompt. */
      readonly parent?: number | undefined;
      /** Of all blocks together; empty where only their place changes. */
      readonly tokens: readonly number[];
      readonly blockTokens: Tokens;
      /** What else tells these blocks from others of the same tokens, one for each: adapter, salt, pictures. Empty for none. */
      readonly salts: readonly string[];
      readonly tier: KvTier;
    }
  | { readonly kind: 'removed'; readonly blocks: readonly number[]; readonly tier: KvTier }
  | { readonly kind: 'cleared' };

/**
 * An event of a known type that could not be read. `stored`: blocks went in that nobody can name. `removed`: blocks may be gone, and nobody can
 * tell which.
 */
export interface UnreadKvEvent {
  readonly kind: 'unread';
  readonly of: 'stored' | 'removed';
}

/** What a follower of an engine's events is told, in their order. */
export type KvNews = KvEvent | UnreadKvEvent;
