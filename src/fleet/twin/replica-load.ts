import type { Tokens } from '#contract/units.js';
import type { ReplicaView } from '#pool/placement/placer.js';

/** A simulated replica as placement sees it, with the load accounting that the live pool keeps. */
export class ReplicaLoad implements ReplicaView {
  readonly pool: string;
  readonly unavailable = undefined;
  readonly limit: number;
  readonly contextTokens: Tokens;
  readonly cacheBlocks: number | undefined;
  inFlight = 0;
  inFlightTokens: Tokens = 0;
  pendingPrefillTokens: Tokens = 0;

  constructor(
    readonly id: string,
    settings: Pick<ReplicaView, 'pool' | 'limit' | 'contextTokens' | 'cacheBlocks'>,
  ) {
    this.pool = settings.pool;
    this.limit = settings.limit;
    this.contextTokens = settings.contextTokens;
    this.cacheBlocks = settings.cacheBlocks;
  }

  placed(tokens: Tokens, uncached: Tokens): void {
    this.inFlight++;
    this.inFlightTokens += tokens;
    this.pendingPrefillTokens += uncached;
  }

  firstToken(uncached: Tokens): void {
    this.pendingPrefillTokens -= uncached;
  }

  finished(tokens: Tokens): void {
    this.inFlight--;
    this.inFlightTokens -= tokens;
  }
}
