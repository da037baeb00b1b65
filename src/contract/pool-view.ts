import type { WorkloadProfile } from './profile.js';
import type { PlacementConstraints } from './route.js';
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
  /** How much later the first token comes for each prompt token more that has to be computed; absent while nothing is known. */
  readonly prefillMsPerToken?: Milliseconds | undefined;
  readonly price: Price;
  /** Energy for the request, when the pool's hardware is described. */
  readonly joules: Joules | undefined;
  /** Energy on the replica where it is expected to take least, with what runs there now and nothing cached: what energy limits are held against. Absent where no hardware is described. */
  readonly leastJoules?: Joules | undefined;
  /** Requests in flight over concurrency limit, 0 to 1 and beyond when queueing; what `load` in a policy means. */
  readonly load: number;
}

/** A pool of which nothing is known. */
export const NO_POOL_STATE: Pick<PoolView, 'read'> = { read: () => undefined };

/** What {@link PoolView.read} tells of a pool or model; docs/pools.md says what each is. */
export const POOL_MEASURES = [
  'in_flight',
  'queued',
  'limit',
  'available',
  'load',
  'queue',
  'prefill_rate',
  'headroom',
  'tok_per_watt',
  'slow',
] as const;

export type PoolMeasure = (typeof POOL_MEASURES)[number];

export function isPoolMeasure(name: string): name is PoolMeasure {
  return (POOL_MEASURES as readonly string[]).includes(name);
}

/** The one port through which the router sees the pool (the P→R cell of the WRP matrix). */
export interface PoolView {
  /** @param constraints where the request may go: the quote is of those places only. Anywhere unless said. */
  quote(model: string, profile: WorkloadProfile, constraints?: PlacementConstraints): Quote;
  /** A measure of a pool or model, such as `short.in_flight`; `undefined` when there is none of that name or nothing is known yet. */
  read(name: string): number | undefined;
}
