import type { Usage } from '#contract/outcome.js';
import type { PlacementRequest } from '#contract/placement.js';
import type { Tokens } from '#contract/units.js';
import type { Counted } from './prefix-heat.js';
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
  /** To be told when the request has ended, where its engine tells of its cache. */
  computed?: (() => void) | undefined;
  /** To be taken back when the request has ended, where requests are counted by what they share. */
  counted?: Counted | undefined;
}

/** A claim in the line of those that are open on its replica. */
interface OpenClaim extends PrefixClaim {
  open: boolean;
  before: OpenClaim | undefined;
  after: OpenClaim | undefined;
}

/** The open claims of one replica, in the order in which they were sent. */
interface Line {
  first: OpenClaim | undefined;
  last: OpenClaim | undefined;
  size: number;
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
  private readonly lines = new Map<string, Line>();
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
    const line = this.lineOf(replica);
    if (line.size >= MOST_OPEN) return undefined;
    const { blocks, usedAt } = this.index.held(hashes, replica);
    const claim: OpenClaim = {
      replica,
      hashes,
      promptTokens,
      blockTokens,
      expectedTokens: Math.min(promptTokens, blocks * blockTokens),
      goneBefore: usedAt < (line.first?.sentAs ?? Number.POSITIVE_INFINITY) ? usedAt : undefined,
      sentAs: this.index.now + 1,
      computed: undefined,
      counted: undefined,
      open: true,
      before: line.last,
      after: undefined,
    };
    if (line.last === undefined) line.first = claim;
    else line.last.after = claim;
    line.last = claim;
    line.size += 1;
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
    if (!this.close(claim as OpenClaim)) return 0;
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
    for (let claim = this.lines.get(replica)?.first; claim !== undefined; ) {
      const { after } = claim;
      settle(claim);
      claim = after;
    }
    this.lines.delete(replica);
    this.reporters.delete(replica);
  }

  private lineOf(replica: string): Line {
    let line = this.lines.get(replica);
    if (line === undefined) {
      line = { first: undefined, last: undefined, size: 0 };
      this.lines.set(replica, line);
    }
    return line;
  }

  /** Takes a claim out of its line. @returns whether it was there. */
  private close(claim: OpenClaim): boolean {
    const line = this.lines.get(claim.replica);
    if (!claim.open || line === undefined) return false;
    const { before, after } = claim;
    if (before === undefined) line.first = after;
    else before.after = after;
    if (after === undefined) line.last = before;
    else after.before = before;
    settle(claim);
    line.size -= 1;
    if (line.size === 0) this.lines.delete(claim.replica);
    return true;
  }
}

/** Lets go of the neighbours too: who holds a settled claim is not to hold them. */
function settle(claim: OpenClaim): void {
  claim.open = false;
  claim.before = undefined;
  claim.after = undefined;
}

function fellShort({ promptTokens, expectedTokens, blockTokens }: PrefixClaim, usage: Usage): boolean {
  if (!(usage.promptTokens > 0)) return false;
  // What was expected is in estimated tokens, what is reported in the engine's: the prompt is as long in both.
  const found = (Math.min(usage.cachedTokens, usage.promptTokens) / usage.promptTokens) * promptTokens;
  return expectedTokens - found > Math.max(blockTokens, TOLERANCE * expectedTokens);
}
