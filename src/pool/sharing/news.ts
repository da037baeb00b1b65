import type { PlacementRequest } from '#contract/placement.js';
import type { Tokens } from '#contract/units.js';

/** What one gateway has on a replica. */
export interface ReplicaLoad {
  readonly inFlight: number;
  /** Of those, the ones whose answer has not begun. */
  readonly waiting: number;
  readonly inFlightTokens: Tokens;
  readonly pendingPrefillTokens: Tokens;
}

export const NO_LOAD: ReplicaLoad = Object.freeze({
  inFlight: 0,
  waiting: 0,
  inFlightTokens: 0,
  pendingPrefillTokens: 0,
});

/** A replica as one gateway knows it by its own requests. */
export interface ReplicaNews extends ReplicaLoad {
  readonly replica: string;
  /** Requests of this gateway have opened its circuit. */
  readonly open: boolean;
}

/** A prompt that was sent to a replica, whose cache holds it now. */
export interface SentPrompt extends Pick<PlacementRequest, 'model' | 'session' | 'prefix'> {
  readonly replica: string;
}

/**
 * What a gateway tells those that share its replicas: its whole load as it is now, and what it has sent since it last told. Telling may be
 * late or lost; a load that is not repeated is forgotten.
 */
export interface PoolNews {
  /** Replicas with something to tell; of all others there is nothing on them. */
  readonly replicas: readonly ReplicaNews[];
  readonly prompts: readonly SentPrompt[];
  /** Replicas found to have lost their cache. */
  readonly forgotten: readonly string[];
}
