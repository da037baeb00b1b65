import type { Cancel } from '#contract/clock.js';
import type { WeirError } from '#contract/errors.js';
import type { Usage } from '#contract/outcome.js';
import type { Placement, PlacementRequest } from '#contract/placement.js';
import type { PoolView } from '#contract/pool-view.js';
import type { Joules, Milliseconds, Usd, Watts } from '#contract/units.js';

/** How to reach a replica. */
export interface ReplicaTarget {
  readonly id: string;
  readonly pool: string;
  /** Base URL without a trailing slash, up to and including any path before `/v1`: `http://10.0.0.1:8000`. */
  readonly url: string;
  /** The name under which this replica serves the model. */
  readonly servedModel: string;
}

/** How an attempt on a replica ended, for health, load and latency accounting. */
export interface LeaseResult {
  /** `failed`: no answer. `cut`: broke off after the first byte. `cancelled`: the client left, which says nothing of the replica. */
  readonly status: 'answered' | 'failed' | 'cut' | 'cancelled';
  /** Whether the failure speaks against the replica (connection, time-out, 5xx) rather than against the request (4xx). */
  readonly replicaFault: boolean;
  /** For how long the replica asks to be left alone. */
  readonly retryAfterMs?: Milliseconds;
  readonly usage?: Usage;
}

/** A place on a replica, held from choice to end. Exactly one `release` ends it; later calls do nothing. */
export interface Lease {
  readonly placement: Placement;
  readonly target: ReplicaTarget;
  /** A place on the replica that computes the prompt first; absent when the replica of this lease does. Released with this one at the latest. */
  readonly prefill?: Lease | undefined;
  /** Nobody has computed the prompt elsewhere after all: this replica does. */
  computesPrompt(): void;
  /** The request has been written to the replica: its prefix is on its way into the cache. */
  sent(): void;
  /**
   * The first byte of a good answer (2xx) came. `whole` says that the answer is not streamed, so that its first byte comes with
   * its last and tells nothing of the time to first token.
   */
  firstByte(whole?: boolean): void;
  release(result: LeaseResult): void;
  /** Energy charged to it so far, and for good once it is released; `undefined` where nothing is known of the replica's power. */
  readonly joules: Joules | undefined;
}

/** The pool at work: placement, admission, health and load of every replica, behind one door. Does no I/O of its own. */
export interface Pool extends PoolView {
  /**
   * Asks for a place. `settle` is called exactly once, at once when there is room, later when the request had to queue: with a
   * lease, or with `pool.no_replica`, `pool.saturated` or `request.context_too_long`. Cancelling leaves the queue and means
   * `settle` is never called.
   */
  acquire(request: PlacementRequest, settle: (result: Lease | WeirError) => void): Cancel;
  /** The place that a request would get now; `undefined` where it would have to wait or be refused. Takes nothing from anybody and leaves nothing behind. */
  preview(request: PlacementRequest): Placement | undefined;
  replicas(): readonly ReplicaStatus[];
}

export type ReplicaHealth = 'unknown' | 'healthy' | 'unhealthy';

/** A replica as people see it: the page, `/api/replicas`, metrics. */
export interface ReplicaStatus {
  readonly id: string;
  readonly pool: string;
  readonly model: string;
  readonly url: string;
  readonly health: ReplicaHealth;
  readonly circuit: 'closed' | 'open' | 'half-open';
  readonly ejectedForMs: Milliseconds;
  readonly unavailable: string | undefined;
  /** Taken out by an operator. */
  readonly drained: boolean;
  readonly inFlight: number;
  /** Of those, the ones whose answer has not begun. */
  readonly waiting: number;
  readonly limit: number;
  readonly inFlightTokens: number;
  /** Tokens of our requests over those that its KV cache holds; `undefined` where its size is not known. */
  readonly kvShare: number | undefined;
  /** Share of prompt tokens that it found in its prefix cache of late; `undefined` until its engine has reported a hit. */
  readonly prefixShare: number | undefined;
  readonly ttftMs: Milliseconds | undefined;
  readonly tpotMs: Milliseconds | undefined;
  readonly requests: number;
  readonly failures: number;
  /** The GPU it runs on, how many, and what they cost and draw now, all together; absent where nothing is said of them. */
  readonly gpu: string | undefined;
  readonly gpus: number;
  readonly usdPerHour: Usd | undefined;
  readonly watts: Watts | undefined;
  /** Requests, of whomever, that wait inside its engine: an estimate. */
  readonly engineWaiting: number;
  /** Our share of its traffic, from 0 to 1; `undefined` until a line in the engine has shown it. */
  readonly trafficShare: number | undefined;
  /** Prompt tokens it reads in a second as things are; `undefined` until known. */
  readonly prefillTokensPerSecond: number | undefined;
  /** Found to be twice as slow as its pool. */
  readonly slow: boolean;
}
