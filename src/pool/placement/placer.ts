import type { Usage } from '#contract/outcome.js';
import type { PlacementRequest, PrefixLeftOut, PrefixTiers, ReplicaScore, ScoreParts } from '#contract/placement.js';
import type { Milliseconds, Tokens } from '#contract/units.js';
import type { EngineForecast } from '#pool/engine/forecast.js';
import type { BlockLedger } from './blocks/block-ledger.js';
import type { PrefixClaim } from './prefix-claims.js';

/** What is known of a LoRA adapter on a replica: answering with it, being loaded, room for one more, or another must go first. */
export type AdapterState = 'loaded' | 'loading' | 'room' | 'full';

/** The LoRA adapters of a replica. */
export interface AdapterView {
  /** `undefined` for a model that is no adapter: the base model itself. */
  state(model: string): AdapterState | undefined;
}

/** How fast a replica has been, where that was measured. */
export interface MeasuredSpeed {
  /** Time to first token when so many prompt tokens have to be computed before it; `undefined` before any observation. */
  ttft(tokens: Tokens): Milliseconds | undefined;
  readonly tpotMs: Milliseconds | undefined;
}

/** What placement sees of a replica: identity, limits and load, kept current by `pool/topology`. */
export interface ReplicaView {
  readonly id: string;
  readonly pool: string;
  /** Why it takes no requests now (`unhealthy`, `circuit open`, `asked to wait`, `ejected`, `draining`); absent when it does. */
  readonly unavailable: string | undefined;
  /** Requests on it now. */
  readonly inFlight: number;
  /** Of those, the ones whose answer has not begun: in its engine's queue, or having their prompt read. */
  readonly waiting: number;
  /** Requests it may have at once. */
  readonly limit: number;
  /** Prompt and expected output tokens of the requests on it now, whatever its cache holds. */
  readonly inFlightTokens: Tokens;
  /** Prompt tokens it is expected to have still to compute: placed, not in its cache, and no first byte seen yet. */
  readonly pendingPrefillTokens: Tokens;
  /** Longest prompt plus answer it takes. */
  readonly contextTokens: Tokens;
  /** Prefix blocks its cache holds at most, in all tiers, where the file says so; else it is taken from the tokens that it holds. */
  readonly cacheBlocks: number | undefined;
  /** Tokens that its KV cache holds; absent when unknown. */
  readonly kvTokens?: Tokens | undefined;
  /** Tokens of KV that its host's memory and storage hold behind that; absent without. */
  readonly lowerTokens?: Tokens | undefined;
  /** The engine model of its hardware; absent when that is not described. */
  readonly forecast?: EngineForecast | undefined;
  /** Absent where nothing is measured. */
  readonly latency?: MeasuredSpeed | undefined;
  /** Absent where the pool serves no adapters. */
  readonly adapters?: AdapterView | undefined;
}

/** The replica chosen, with the scores that chose it. */
export interface Choice {
  readonly replica: ReplicaView;
  readonly score: number;
  readonly expectedPrefixTokens: Tokens;
  /** As in {@link Placement}. */
  readonly prefixSource?: 'events';
  /** Tokens of it behind the GPUs' memory; absent where none are known to be. */
  readonly prefixTiers?: Pick<PrefixTiers, 'host' | 'disk'>;
  /** At most eight, best first. */
  readonly losers: readonly ReplicaScore[];
  /** As in {@link Placement}. */
  readonly prefixLeftOut?: PrefixLeftOut;
  readonly considered: number;
}

/**
 * Chooses a replica: filters, then scorers, then a picker. Choosing changes nothing; `committed` is told once the request has
 * really been sent, so that what was shed or refused leaves no trace in the prefix index.
 */
export interface Placer {
  readonly name: string;
  /** What engines tell of their caches; absent in a placer that knows nothing of prefixes. */
  readonly blocks?: BlockLedger | undefined;
  choose(request: PlacementRequest, replicas: readonly ReplicaView[]): Choice | undefined;
  /** What the scores of the latest choice are made of; nothing of an earlier one. Apart from choosing, since few of those who ask for a choice ask this. */
  partsOf?(choice: Choice): ScoreParts | undefined;
  /** A request is about to be sent whose end will be told by {@link ended}; absent in a placer that knows nothing of prefixes. */
  begin?(request: PlacementRequest, replica: string): PrefixClaim | undefined;
  /** @param claim what {@link begin} gave; without it, the request's end will not be told. */
  committed(request: PlacementRequest, replica: string, claim?: PrefixClaim): void;
  /** A request has ended. `computed`: it was answered, so that its prompt was computed; `usage` is what the engine reported. */
  ended?(claim: PrefixClaim, computed: boolean, usage: Usage | undefined): void;
  /** The replica restarted, was removed or lost its cache: nothing is known to be on it any more. */
  forget(replica: string): void;
}
