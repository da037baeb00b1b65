import type { WorkloadProfile } from './profile.js';
import type { Joules, Milliseconds, Tokens, UsdPerMillionTokens } from './units.js';

export interface Price {
  readonly prompt: UsdPerMillionTokens;
  readonly completion: UsdPerMillionTokens;
  /** Price of prompt tokens that were found in the prefix cache; the prompt price when the provider gives no discount. */
  readonly cached: UsdPerMillionTokens;
}

/** What a model would cost and how fast it would be for one request, given the state of its pools now. */
export interface Quote {
  readonly model: string;
  /** False when no replica could take the request at all: none healthy, or none with a context window long enough. */
  readonly feasible: boolean;
  /** Why not, when not feasible. */
  readonly reason?: string;
  /** Predicted time to first token, queueing included; `undefined` while nothing is known. */
  readonly ttftMs: Milliseconds | undefined;
  /** Predicted time per output token after the first; `undefined` while nothing is known. */
  readonly tpotMs: Milliseconds | undefined;
  /** Prompt tokens that the best replica would find in its prefix cache. */
  readonly prefixHitTokens: Tokens;
  readonly price: Price;
  /** Energy for the request, when the pool's hardware is described. */
  readonly joules: Joules | undefined;
  /** Requests in flight over concurrency limit, 0 to 1 and beyond when queueing; what `load` in a policy means. */
  readonly load: number;
}

/** The one port through which the router sees the pool (the P→R cell of the WRP matrix). */
export interface PoolView {
  quote(model: string, profile: WorkloadProfile): Quote;
  /** A named measure of pool state, such as `short.in_flight` or `short.queued`; `undefined` when there is none of that name. */
  read(name: string): number | undefined;
}
