import type { Usage } from '#contract/outcome.js';
import type { PlacementRequest } from '#contract/placement.js';
import type { Tokens } from '#contract/units.js';
import type { PrefixIndex } from './prefix-index.js';

/** What a replica was believed to hold of a prompt when it was sent there; to be handed back when the request has ended. */
export interface PrefixClaim {
  readonly replica: string;
  readonly hashes: ArrayLike<number>;
  readonly promptTokens: Tokens;
  /** From the start of the prompt, believed to be in the cache. */
  readonly expectedTokens: Tokens;
  readonly blockTokens: Tokens;
  /** What the replica used last before this is gone if those tokens are; `undefined` where nothing would follow. */
  readonly goneBefore: number | undefined;
  /** The use of the index that it became. */
  readonly sentAs: number;
}

/** Share of the expected tokens that a report may fall short by: prompt tokens are estimates, engines have blocks of their own. */
const TOLERANCE = 0.1;
/** Requests in flight that are followed on one replica. Those beyond are taken for requests whose end is not told. */
const MOST_OPEN = 4096;

/**
 * Holds what the prefix index believed against what engines report as cached.
 *
 * An engine that answered a prompt has all of it, whatever it found of it before: so the prompt's own blocks stay. But engines
 * forget what was let go longest ago first: if the last block of the believed prefix was gone, so is all that was let go before
 * it. That is concluded only where every request sent up to that block's last use had ended when this one was sent, as what is in
 * flight is not forgotten, or not computed yet.
 */
export class PrefixClaims {
  /** In the order in which they were sent. */
  private readonly open = new Map<string, Set<PrefixClaim>>();
  /** Replicas that have reported cached tokens: of others, 0 may mean that they never tell. */
  private readonly reporters = new Set<string>();

  constructor(private readonly index: PrefixIndex) {}

  /** A request is about to be sent, and entered into the index next. */
  begin(
    { promptTokens, prefix }: PlacementRequest,
    hashes: ArrayLike<number>,
    replica: string,
  ): PrefixClaim | undefined {
    const { blockTokens } = prefix;
    const open = this.open.get(replica) ?? new Set();
    if (open.size >= MOST_OPEN) return undefined;
    this.open.set(replica, open);
    const { blocks, usedAt } = this.index.held(hashes, replica);
    const [oldest] = open;
    const claim = {
      ...{ replica, hashes, promptTokens, blockTokens },
      expectedTokens: Math.min(promptTokens, blocks * blockTokens),
      goneBefore: usedAt < (oldest?.sentAs ?? Number.POSITIVE_INFINITY) ? usedAt : undefined,
      sentAs: this.index.now + 1,
    };
    open.add(claim);
    return claim;
  }

  /**
   * A request has ended.
   *
   * @param computed whether its prompt was computed: it was answered.
   * @param usage what the engine reported.
   * @returns how many blocks were forgotten.
   */
  end(claim: PrefixClaim, computed: boolean, usage: Usage | undefined): number {
    const { replica, hashes, goneBefore } = claim;
    const open = this.open.get(replica);
    if (open?.delete(claim) !== true) return 0;
    if (open.size === 0) this.open.delete(replica);
    if (!computed) {
      this.index.doubt(hashes, replica, claim.sentAs);
      return 0;
    }
    this.index.ended(hashes, replica);
    if (usage === undefined) return 0;
    if (usage.cachedTokens > 0) this.reporters.add(replica);
    if (goneBefore === undefined || !this.reporters.has(replica) || !fellShort(claim, usage)) return 0;
    return this.index.forgetOlder(replica, goneBefore);
  }

  /** The replica restarted or left: what was believed before is settled. */
  forget(replica: string): void {
    this.open.delete(replica);
    this.reporters.delete(replica);
  }
}

function fellShort({ promptTokens, expectedTokens, blockTokens }: PrefixClaim, usage: Usage): boolean {
  if (!(usage.promptTokens > 0)) return false;
  // What was expected is in estimated tokens, what is reported in the engine's: the prompt is as long in both.
  const found = (Math.min(usage.cachedTokens, usage.promptTokens) / usage.promptTokens) * promptTokens;
  return expectedTokens - found > Math.max(blockTokens, TOLERANCE * expectedTokens);
}
