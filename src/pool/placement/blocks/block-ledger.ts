import type { KvNews, KvTier } from '#contract/kv-events.js';
import type { Tokens } from '#contract/units.js';
import { type Knowledge, ReplicaBlocks } from './replica-blocks.js';
import { chainOfTokens } from './token-chain.js';

/** Blocks known of all replicas together: some 100 bytes each. */
const MOST_BLOCKS = 524_288;
/** Blocks of prompts on their way into caches that are followed, of all replicas together. */
const MOST_COMING = 65_536;

/** Prompt tokens from the start that a replica has in its cache, by where they lie. */
export type HeldTokens = Readonly<Record<KvTier, Tokens>>;

/** Told of a replica's cache by whoever follows its events. */
export interface BlockNews {
  /** What is known of it; asked before each batch, as the cache may have been given up for lost meanwhile. */
  knowledge(replica: string): Knowledge;
  /** Its cache is empty (`exact`), or what was known of it no longer holds (`partial`). */
  began(replica: string, knowledge: 'partial' | 'exact'): void;
  told(replica: string, events: readonly KvNews[]): void;
  /** Whether its events can be heard. */
  linked(replica: string, up: boolean): void;
}

/**
 * The prefix caches of replicas as their engines tell of them, block by block. Where a prompt's tokens are known, so is what each of those
 * replicas would find of it.
 *
 * A prompt that was sent and is not computed yet is in no event: its blocks count as held where it went until its request ends, so that the next
 * prompt with the same beginning follows it there.
 */
export class BlockLedger implements BlockNews {
  private readonly replicas = new Map<string, ReplicaBlocks>();
  private readonly coming = new Map<string, Map<number, number>>();
  private comingBlocks = 0;
  private lastTokens: ArrayLike<number> | undefined;
  private readonly lastChains = new Map<string, Float64Array>();

  constructor(private readonly most = MOST_BLOCKS) {}

  knowledge(replica: string): Knowledge {
    return this.replicas.get(replica)?.knowledge ?? 'none';
  }

  began(replica: string, knowledge: 'partial' | 'exact'): void {
    this.of(replica).reset(knowledge);
  }

  told(replica: string, events: readonly KvNews[]): void {
    const blocks = this.of(replica);
    for (const event of events) blocks.tell(event);
  }

  linked(replica: string, up: boolean): void {
    this.of(replica).linked = up;
    if (!up && this.knowledge(replica) === 'none') this.replicas.delete(replica);
  }

  /** The replica left, or its cache has to be taken for lost. Its events can go on. */
  forget(replica: string): void {
    this.replicas.get(replica)?.reset('none');
    this.coming.delete(replica);
  }

  /** Whether no replica tells of its cache: then there is nothing to look up. */
  get silent(): boolean {
    return this.replicas.size === 0;
  }

  /** Blocks known of a replica. */
  sizeOf(replica: string): number {
    return this.replicas.get(replica)?.size ?? 0;
  }

  /** Whether what a replica holds is known and not estimated: all of its events were heard and read, and it can be heard now. */
  knows(replica: string): boolean {
    const blocks = this.replicas.get(replica);
    return blocks?.linked === true && blocks.knowledge === 'exact';
  }

  /** Whether a replica's events are heard now, though some may have been missed or not been read. */
  hears(replica: string): boolean {
    const blocks = this.replicas.get(replica);
    return blocks?.linked === true && blocks.knowledge !== 'none';
  }

  /** Names of the replicas whose events are heard. */
  *heard(): Iterable<string> {
    for (const replica of this.replicas.keys()) if (this.hears(replica)) yield replica;
  }

  /**
   * What a replica would find of a prompt, up to the first block that it is not known to have; `undefined` where its events are not heard. Of a replica
   * that is not {@link knows known} it may be more.
   */
  held(replica: string, tokens: ArrayLike<number>, salt: string): HeldTokens | undefined {
    const blocks = this.replicas.get(replica);
    if (blocks === undefined || !this.hears(replica)) return undefined;
    const held = { device: 0, host: 0, disk: 0 };
    const size = blocks.blockTokens;
    if (size < 1) return held;
    const coming = this.coming.get(replica);
    for (const hash of this.chain(tokens, size, salt)) {
      const tier = blocks.tierOf(hash) ?? (coming?.has(hash) === true ? 'device' : undefined);
      if (tier === undefined) break;
      held[tier] += size;
    }
    return held;
  }

  /** A prompt was sent to a replica. @returns to be called when its request has ended. */
  sent(replica: string, tokens: ArrayLike<number>, salt: string): (() => void) | undefined {
    const blocks = this.replicas.get(replica);
    if (blocks === undefined || blocks.blockTokens < 1 || !this.hears(replica)) return undefined;
    const chain = this.chain(tokens, blocks.blockTokens, salt);
    if (this.comingBlocks + chain.length > MOST_COMING) return undefined;
    const counts = this.coming.get(replica) ?? new Map<number, number>();
    this.coming.set(replica, counts);
    for (const hash of chain) counts.set(hash, (counts.get(hash) ?? 0) + 1);
    this.comingBlocks += chain.length;
    return () => {
      this.comingBlocks -= chain.length;
      for (const hash of chain) {
        const left = (counts.get(hash) ?? 0) - 1;
        if (left > 0) counts.set(hash, left);
        else counts.delete(hash);
      }
    };
  }

  private of(replica: string): ReplicaBlocks {
    let blocks = this.replicas.get(replica);
    if (blocks === undefined) {
      blocks = new ReplicaBlocks(() => this.room());
      this.replicas.set(replica, blocks);
    }
    return blocks;
  }

  private room(): number {
    let size = 0;
    for (const blocks of this.replicas.values()) size += blocks.size;
    return this.most - size;
  }

  /** The chain of the prompt that was asked for last is kept: each replica is asked for the same one. */
  private chain(tokens: ArrayLike<number>, size: Tokens, salt: string): Float64Array {
    if (this.lastTokens !== tokens) {
      this.lastTokens = tokens;
      this.lastChains.clear();
    }
    const key = `${size} ${salt}`;
    let chain = this.lastChains.get(key);
    if (chain === undefined) {
      chain = chainOfTokens(tokens, size, salt);
      this.lastChains.set(key, chain);
    }
    return chain;
  }
}
