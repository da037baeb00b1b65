import type { PlacementRequest, ReplicaScore } from '#contract/placement.js';
import type { Tokens } from '#contract/units.js';

/** What placement sees of a replica: identity, limits and load, kept current by `pool/topology`. */
export interface ReplicaView {
  readonly id: string;
  readonly pool: string;
  /** Why it takes no requests now (`unhealthy`, `circuit open`, `ejected`, `draining`); absent when it does. */
  readonly unavailable: string | undefined;
  /** Requests on it now. */
  readonly inFlight: number;
  /** Requests it may have at once. */
  readonly limit: number;
  /** Prompt and expected output tokens of the requests on it now, whatever its cache holds. */
  readonly inFlightTokens: Tokens;
  /** Prompt tokens it is expected to have still to compute: placed, not in its cache, and no first byte seen yet. */
  readonly pendingPrefillTokens: Tokens;
  /** Longest prompt plus answer it takes. */
  readonly contextTokens: Tokens;
  /** Prefix blocks its cache is believed to hold at most; `undefined` when unknown. */
  readonly cacheBlocks: number | undefined;
}

/** The replica chosen, with the scores that chose it. */
export interface Choice {
  readonly replica: ReplicaView;
  readonly score: number;
  readonly expectedPrefixTokens: Tokens;
  /** At most eight, best first. */
  readonly losers: readonly ReplicaScore[];
  readonly considered: number;
}

/**
 * Chooses a replica: filters, then scorers, then a picker. Choosing changes nothing; `committed` is told once the request has
 * really been sent, so that what was shed or refused leaves no trace in the prefix index.
 */
export interface Placer {
  readonly name: string;
  choose(request: PlacementRequest, replicas: readonly ReplicaView[]): Choice | undefined;
  committed(request: PlacementRequest, replica: string): void;
  /** The replica restarted, was removed or lost its cache: nothing is known to be on it any more. */
  forget(replica: string): void;
}
