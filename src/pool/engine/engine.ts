import type { KvTier } from '#contract/kv-events.js';
import type { PromptPrefix } from '#contract/profile.js';
import type { Milliseconds, Tokens } from '#contract/units.js';

/** One sequence for an engine to run. How long its answer will be is known to whoever drives the model, not to the scheduler. */
export interface EngineRequest {
  /** Chosen by the caller; no two sequences in the engine at one time may share it. */
  readonly id: number;
  /** At least 1. */
  readonly promptTokens: Tokens;
  /** At least 1. */
  readonly outputTokens: Tokens;
  readonly prefix: PromptPrefix;
  /** Prompt tokens from the start whose KV has come from another engine: they take blocks and need not be computed. None unless said. */
  readonly receivedTokens?: Tokens;
  /** What is asked to be kept of it in the cache. Where ranges overlap the highest priority counts. */
  readonly retention?: readonly RetainedRange[] | undefined;
}

/** Tokens whose cached blocks go after those of lower priority, for so long from when they are cached. */
export interface RetainedRange {
  readonly start: Tokens;
  readonly end: Tokens;
  /** 0 to 100; 0 is what all others have. */
  readonly priority: number;
  /** For good unless said. */
  readonly durationMs?: Milliseconds | undefined;
}

/**
 * Something that happened to a sequence at the end of an iteration. The last token of an answer gives a `token` event and then a
 * `finished` event, so that an answer of one token has a first token too.
 */
export interface EngineEvent {
  readonly kind: 'token' | 'finished' | 'preempted';
  readonly id: number;
  /** Output tokens the sequence has produced so far. */
  readonly produced: Tokens;
  /** Prompt tokens that were found in the prefix cache at first admission: what `usage` reports. */
  readonly cachedTokens: Tokens;
}

/** Told what goes into an engine's prefix cache and out of it, as it happens. */
export interface CacheListener {
  /** The block of a prompt at `index` is in the cache now. */
  stored(prefix: PromptPrefix, index: number): void;
  removed(hash: number): void;
  /** What is about to leave the tier before is in this one as well; and what left it. */
  offloaded?(hash: number, tier: LowerTierName): void;
  dropped?(hash: number, tier: LowerTierName): void;
}

export type LowerTierName = Exclude<KvTier, 'device'>;

/** The host's memory behind the GPUs', where KV goes that the cache has to give up; or storage behind the host's memory. */
export interface HostMemory {
  /** KV blocks that it holds. */
  readonly blocks: number;
  /** Bytes a second that each GPU of the replica reads from it. */
  readonly bandwidth: number;
  /** Storage where what this has to give up goes. */
  readonly disk?: Omit<HostMemory, 'disk'> | undefined;
}

/** One iteration, or several run by {@link Engine.advance}: what was done and when it ends. */
export interface EngineIteration {
  readonly startedAt: Milliseconds;
  readonly endsAt: Milliseconds;
  /** Valid until the next iteration: the engine reuses the array and the events in it. */
  readonly events: readonly EngineEvent[];
  /** Prompt tokens computed, over all iterations that this stands for. */
  readonly prefillTokens: Tokens;
  /** Sequences that decoded a token, summed over all iterations that this stands for. */
  readonly decodeSequences: number;
  readonly iterations: number;
}

export interface EngineStats {
  readonly running: number;
  readonly waiting: number;
  /** KV blocks that running sequences hold; shared ones count once. */
  readonly usedBlocks: number;
  /** KV blocks that hold a cached prefix no running sequence uses: free for the taking. */
  readonly cachedBlocks: number;
  readonly totalBlocks: number;
  readonly preemptions: number;
  /** Prompt tokens of all sequences admitted so far, each counted once. */
  readonly promptTokens: Tokens;
  /** Of those, the ones found in the prefix cache. */
  readonly cachedTokens: Tokens;
  /** And of those, the ones that had to be read from the host's memory; absent for an engine without. */
  readonly hostTokens?: Tokens;
  /** And from storage behind that; absent for an engine without. */
  readonly diskTokens?: Tokens;
  /** By how much iterations were longer than their computing, for such a read; absent for an engine without. */
  readonly stalledMs?: Milliseconds;
  readonly outputTokens: Tokens;
  readonly joules: number;
  readonly iterations: number;
  readonly submitted: number;
  readonly finished: number;
  readonly cancelled: number;
}

/**
 * The timing model of a continuous-batching engine. No time passes inside it: `step(now)` runs one iteration from `now` and says
 * when that iteration ends; whoever drives it, in virtual or in real time, calls it again then.
 */
export interface Engine {
  /**
   * Puts a sequence at the end of the waiting line.
   *
   * @throws WeirError `request.context_too_long` when prompt and answer could never fit the context window or the KV cache;
   *   `pool.saturated` when the waiting line is full; `internal.defect` for an id in use or counts below 1.
   */
  submit(request: EngineRequest, now: Milliseconds): void;
  /** Prompt tokens that a sequence with this prefix would find in the prefix cache now. */
  cached(prefix: PromptPrefix, promptTokens: Tokens): Tokens;
  /** Takes a sequence out, wherever it is; its blocks stay in the prefix cache. An unknown id changes nothing. */
  cancel(id: number): void;
  /**
   * Runs one iteration; `undefined` when there is nothing to do until the next submit. It starts at `now`, or when the last one
   * ended if that is later; the time between counts as idle.
   */
  step(now: Milliseconds): EngineIteration | undefined;
  /**
   * Runs iterations from `now` until one has an event to report or ends at or after `until`, whichever comes first. The same as
   * calling `step` that often, only cheaper: with `events: 'milestones'` a decode that changes nothing costs the same
   * whatever the batch. `undefined` when there is nothing to do.
   */
  advance(now: Milliseconds, until: Milliseconds): EngineIteration | undefined;
  /**
   * A time before which no iteration has an event to report unless somebody submits or cancels: at the least the end of the last one.
   * Whoever drives many engines need not look at this one until then.
   */
  quietUntil(): Milliseconds;
  /** Counts the time since the last iteration as idle, so that `stats().joules` covers all time up to `now`. */
  settle(now: Milliseconds): void;
  stats(): EngineStats;
}
