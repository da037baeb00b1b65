import type { KvEvent, KvNews, KvTier } from '#contract/kv-events.js';
import type { Tokens } from '#contract/units.js';
import { blockHash, ROOT } from './token-chain.js';

/**
 * How complete the knowledge of an engine's cache is. `exact`: its events were followed since the cache was empty. `partial`: some were
 * missed or could not be read, so there may be more in the cache than is known of. `none`: nothing is known.
 */
export type Knowledge = 'none' | 'partial' | 'exact';

const BITS: Readonly<Record<KvTier, number>> = { device: 1, host: 2, disk: 4 };
/** Tiers from the quickest, by the bits of a block. */
const QUICKEST: readonly (KvTier | undefined)[] = [
  ...[undefined, 'device', 'host', 'device', 'disk', 'device', 'host', 'device'],
] as const;

/** The prefix cache of one engine, as it tells of it itself. */
export class ReplicaBlocks {
  knowledge: Knowledge = 'none';
  /** Whether the engine can be heard now; what was known stays, to be gone on from. */
  linked = false;
  /** Tokens in a block, once an event has told. */
  blockTokens: Tokens = 0;
  /** What stands for a block by the engine's name for it: names differ from engine to engine, what stands for a block does not. */
  private readonly known = new Map<number, number>();
  /** Where a block lies, as bits. */
  private readonly places = new Map<number, number>();

  /** @param room how many more blocks may be taken in. */
  constructor(private readonly room: () => number) {}

  get size(): number {
    return this.known.size;
  }

  /** Begins anew. */
  reset(knowledge: Knowledge): void {
    this.known.clear();
    this.places.clear();
    this.knowledge = knowledge;
  }

  tell(event: KvNews): void {
    if (event.kind === 'cleared') this.reset('exact');
    else if (event.kind === 'unread') this.missed(event.of);
    else if (event.kind === 'removed') for (const name of event.blocks) this.remove(name, BITS[event.tier]);
    else this.store(event);
  }

  /** Where the block that a hash stands for lies; `undefined` where it is not in the cache. */
  tierOf(hash: number): KvTier | undefined {
    return QUICKEST[this.places.get(hash) ?? 0];
  }

  private store({ blocks, parent, tokens, blockTokens, salts, tier }: Extract<KvEvent, { kind: 'stored' }>): void {
    const bit = BITS[tier];
    if (tokens.length < blocks.length * blockTokens || blockTokens < 1) {
      // Only that it is in another place as well: what it is of was told before.
      for (const name of blocks) {
        const hash = this.known.get(name);
        if (hash !== undefined) this.places.set(hash, (this.places.get(hash) ?? 0) | bit);
      }
      return;
    }
    if (this.blockTokens !== blockTokens) {
      // Blocks of another size are those of another engine.
      if (this.blockTokens !== 0 && this.size > 0) this.reset('partial');
      this.blockTokens = blockTokens;
    }
    if (this.room() < blocks.length) {
      this.missed('stored');
      return;
    }
    let before = parent === undefined ? ROOT : this.known.get(parent);
    for (let i = 0; i < blocks.length; i++) {
      // What stands before it was missed: nobody can tell what this is of.
      if (before === undefined) {
        this.missed('stored');
        return;
      }
      const hash: number = blockHash(before, tokens, i * blockTokens, (i + 1) * blockTokens, salts[i] ?? '');
      this.rename(blocks[i]!, hash);
      this.places.set(hash, (this.places.get(hash) ?? 0) | bit);
      before = hash;
    }
  }

  /** A name that stood for another block stands for that one no more: nothing else would ever take it out. */
  private rename(name: number, hash: number): void {
    const old = this.known.get(name);
    if (old !== undefined && old !== hash) this.places.delete(old);
    this.known.set(name, hash);
  }

  /** Blocks went in that are not known of; or some went out, and any that is known may be one of them. */
  private missed(what: 'stored' | 'removed'): void {
    const knowledge = this.knowledge === 'exact' ? 'partial' : this.knowledge;
    if (what === 'removed') this.reset(knowledge);
    else this.knowledge = knowledge;
  }

  private remove(name: number, bit: number): void {
    const hash = this.known.get(name);
    if (hash === undefined) return;
    const left = (this.places.get(hash) ?? 0) & ~bit;
    if (left > 0) this.places.set(hash, left);
    else {
      this.places.delete(hash);
      this.known.delete(name);
    }
  }
}
