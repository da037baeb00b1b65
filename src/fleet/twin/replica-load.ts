import type { Tokens } from '#contract/units.js';
import type { ReplicaView } from '#pool/placement/placer.js';

/** A simulated replica as placement sees it, with the load accounting that the live pool keeps. */
export class ReplicaLoad implements ReplicaView {
  readonly pool: string;
  readonly unavailable = undefined;
  readonly limit: number;
  readonly contextTokens: Tokens;
  readonly cacheBlocks: number | undefined;
  readonly kvTokens: Tokens | undefined;
  readonly forecast: ReplicaView['forecast'];
  inFlight = 0;
  waiting = 0;
  inFlightTokens: Tokens = 0;
  pendingPrefillTokens: Tokens = 0;

  constructor(
    readonly id: string,
    settings: Pick<ReplicaView, 'pool' | 'limit' | 'contextTokens' | 'cacheBlocks' | 'kvTokens' | 'forecast'>,
  ) {
    this.pool = settings.pool;
    this.limit = settings.limit;
    this.contextTokens = settings.contextTokens;
    this.cacheBlocks = settings.cacheBlocks;
    this.kvTokens = settings.kvTokens;
    this.forecast = settings.forecast;
  }

  placed(tokens: Tokens, uncached: Tokens): void {
    this.inFlight++;
    this.waiting++;
    this.inFlightTokens += tokens;
    this.pendingPrefillTokens += uncached;
  }

  firstToken(uncached: Tokens): void {
    this.waiting--;
    this.pendingPrefillTokens -= uncached;
  }

  finished(tokens: Tokens): void {
    this.inFlight--;
    this.inFlightTokens -= tokens;
  }
}
