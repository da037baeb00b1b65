import type { PlacementRequest } from '#contract/placement.js';
import type { PrefixMatch } from '#pool/placement/prefix-index.js';
import type { BlockLedger } from './block-ledger.js';

/**
 * What each replica holds of a prompt: as its engine tells where that is known, as the index believes elsewhere. The engine's tokens are taken
 * as shares of the prompt, since placement counts in estimated ones.
 */
export class TokenMatch implements PrefixMatch {
  private under: PrefixMatch | undefined;
  private readonly blocks = new Map<string, number>();
  private readonly lower = new Map<string, { readonly host: number; readonly disk: number }>();
  private ranked: string[] = [];

  constructor(private readonly ledger: BlockLedger) {}

  /** Valid until the next call. */
  over(
    under: PrefixMatch,
    { promptTokens, prefix }: PlacementRequest,
    tokens: ArrayLike<number>,
    salt: string,
  ): PrefixMatch {
    this.blocks.clear();
    this.lower.clear();
    this.under = under;
    const scale = tokens.length > 0 && prefix.blockTokens > 0 ? promptTokens / tokens.length / prefix.blockTokens : 0;
    for (const replica of this.ledger.heard()) {
      const held = this.ledger.held(replica, tokens, salt);
      if (held === undefined) continue;
      const told = (held.device + held.host + held.disk) * scale;
      const { host, disk } = held;
      if (host + disk > 0) this.lower.set(replica, { host: host * scale, disk: disk * scale });
      // Where events were missed there may be more: what was sent there tells of it.
      this.blocks.set(replica, this.ledger.knows(replica) ? told : Math.max(told, under.blocksOn(replica)));
    }
    if (this.blocks.size === 0) return under;
    const told = [...this.blocks].filter(([, blocks]) => blocks > 0).map(([replica]) => replica);
    const believed = Array.from({ length: under.holders }, (_, rank) => under.holder(rank));
    this.ranked = [...told, ...believed.filter(replica => !this.blocks.has(replica))].sort(
      (one, other) => this.blocksOn(other) - this.blocksOn(one),
    );
    return this;
  }

  get deepest(): number {
    const [first] = this.ranked;
    return first === undefined ? 0 : this.blocksOn(first);
  }

  blocksOn(replica: string): number {
    return this.blocks.get(replica) ?? this.under?.blocksOn(replica) ?? 0;
  }

  lowerOn(replica: string): { readonly host: number; readonly disk: number } | undefined {
    return this.lower.get(replica);
  }

  known(replica: string): boolean {
    return this.blocks.has(replica) && this.ledger.knows(replica);
  }

  get holders(): number {
    return this.ranked.length;
  }

  holder(rank: number): string {
    return this.ranked[rank]!;
  }
}
