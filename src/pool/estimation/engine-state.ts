import type { Milliseconds, Tokens } from '#contract/units.js';
import { FadingMean } from './mean.js';

/** What an engine can run at once, as far as it is known. */
export interface EngineBounds {
  /** Sequences: vLLM's `max_num_seqs`, which `concurrency` is set to. */
  readonly limit: number;
  readonly kvTokens: Tokens | undefined;
}

/** What an engine said of itself, when, and what we had on it then. */
interface Telemetry {
  readonly waiting: number;
  readonly at: Milliseconds;
  readonly ownWaiting: number;
}

/** Age at which what the engine said counts as much as 1/e. */
const STALE_MS = 2000;
/** Prompt tokens of an iteration where nothing tells: vLLM's `max_num_batched_tokens` on most GPUs. */
const BUDGET: Tokens = 2048;
const MOST_BUDGET: Tokens = 16_384;
/** Nobody is taken to share an engine with more than this many times our traffic. */
const MOST_SHARE = 20;
const KEPT = 0.97;
/** Requests over which the rate of our own is taken, and how many in line make it needless. */
const RATE_OVER = 64;

/** One of our requests on the engine. */
export interface OwnRequest {
  readonly promptTokens: Tokens;
  /** Prompt tokens it has to compute. */
  readonly uncached: Tokens;
  /** Expected answer. */
  readonly outputTokens: Tokens;
}

/**
 * How many requests wait inside an engine that others use as well, from our own requests alone: those without a first token, less those
 * that the current iteration can hold, times what the whole traffic is to ours.
 *
 * That factor is learned while a line stands. An engine has a line only when something is exhausted, and each thing bounds all traffic
 * together; the least bound is the tight one:
 *
 *     min( prefill rate · time / our prompt tokens served in it,  sequences / ours running,  KV tokens / ours held )
 *
 * Requests that are not streamed show no first token: they count as others' traffic. First come, first served is assumed, which is how
 * vLLM and SGLang schedule unless told otherwise. What the engine itself says is weighed in by e^(−age / 2 s).
 */
export class EngineState {
  /** Ours without a first token, and ours with one. */
  private waitingOwn = 0;
  private waitingTokens: Tokens = 0;
  private running = 0;
  private runningTokens: Tokens = 0;

  /** When our last requests were put on the engine, as a ring. */
  private readonly joins = new Float64Array(4 * RATE_OVER);
  private joinCount = 0;

  private readonly factor = new FadingMean(0.03);
  private capacityTokens: Tokens = 0;
  private servedTokens: Tokens = 0;
  private lastBegan: Milliseconds = Number.NEGATIVE_INFINITY;
  private telemetry: Telemetry | undefined;

  /** All traffic over ours; 1 until a line has shown that there is more. */
  get share(): number {
    return this.factor.value ?? 1;
  }

  /** Whether a line has stood, so that {@link share} is a finding. */
  get informed(): boolean {
    return this.factor.count > 0;
  }

  joined({ uncached }: OwnRequest, now: Milliseconds): void {
    this.joins[this.joinCount++ % this.joins.length] = now;
    this.waitingOwn += 1;
    this.waitingTokens += uncached;
  }

  /**
   * A first token came.
   *
   * @param joinedAt when it was put on the engine.
   * @param rate prompt tokens a millisecond that the engine reads when nothing else is in the way; `undefined` while that is not known.
   */
  began(
    request: OwnRequest,
    joinedAt: Milliseconds,
    now: Milliseconds,
    rate: number | undefined,
    bounds: EngineBounds,
  ): void {
    const { uncached, promptTokens, outputTokens } = request;
    // In line since before the last first token: the engine has not been idle in between.
    const lined = joinedAt < this.lastBegan;
    if (lined && this.waitingOwn > 1) {
      const dt = now - this.lastBegan;
      this.capacityTokens = KEPT * this.capacityTokens + (rate ?? 0) * dt;
      this.servedTokens = KEPT * this.servedTokens + uncached;
      this.learn(rate, bounds);
    }
    this.lastBegan = now;
    this.left(request);
    this.running += 1;
    this.runningTokens += promptTokens + outputTokens / 2;
  }

  /** Ended after its first token. */
  ended({ promptTokens, outputTokens }: OwnRequest): void {
    this.running -= 1;
    this.runningTokens -= promptTokens + outputTokens / 2;
    if (this.running <= 0) {
      this.running = 0;
      this.runningTokens = 0;
    }
  }

  /** Left without a first token. */
  left({ uncached }: OwnRequest): void {
    this.waitingOwn -= 1;
    this.waitingTokens -= uncached;
    if (this.waitingOwn <= 0) {
      this.waitingOwn = 0;
      this.waitingTokens = 0;
    }
  }

  /** The engine said how many wait in it. */
  told(waiting: number, at: Milliseconds): void {
    if (Number.isFinite(waiting) && waiting >= 0)
      this.telemetry = { waiting, at, ownWaiting: this.ownWaiting(undefined) };
  }

  /**
   * Requests, of whomever, that wait in the engine.
   *
   * @param iterationTokens prompt tokens that one iteration takes, where it is known.
   */
  waiting(now: Milliseconds, iterationTokens?: Tokens): number {
    const own = this.ownWaiting(iterationTokens);
    const inferred = own + (this.share - 1) * this.expectedOwn(own, now);
    if (this.telemetry === undefined) return inferred;
    const { waiting, at, ownWaiting } = this.telemetry;
    const weight = Math.exp(-(now - at) / STALE_MS);
    const told = Math.max(0, waiting + (own - ownWaiting) * this.share);
    return weight * told + (1 - weight) * inferred;
  }

  /** Requests of others on the engine. */
  get others(): number {
    return (this.share - 1) * (this.running + this.waitingOwn);
  }

  /** The engine restarted: nobody is on it but those whose leases are open, and its traffic may be another. */
  forget(): void {
    this.factor.reset();
    this.capacityTokens = 0;
    this.servedTokens = 0;
    this.telemetry = undefined;
  }

  private learn(rate: number | undefined, { limit, kvTokens }: EngineBounds): void {
    const prefill = rate === undefined || this.servedTokens <= 0 ? MOST_SHARE : this.capacityTokens / this.servedTokens;
    const sequences = this.running > 0 ? limit / this.running : MOST_SHARE;
    const memory = kvTokens === undefined || this.runningTokens <= 0 ? MOST_SHARE : kvTokens / this.runningTokens;
    const least = Math.min(prefill, sequences, memory);
    if (least < MOST_SHARE) this.factor.observe(Math.max(1, least));
  }

  /**
   * How many of ours would be in line on average, where others are: of few in line the number is chance, so the rate of the last 64 for as
   * long as the first of them has waited counts for the more, the fewer they are.
   */
  private expectedOwn(own: number, now: Milliseconds): number {
    const { joins, joinCount, waitingOwn } = this;
    if (own <= 0 || joinCount <= RATE_OVER || waitingOwn >= joins.length) return own;
    const at = (back: number) => joins[(joinCount - back) % joins.length]!;
    const span = now - at(RATE_OVER);
    if (span <= 0) return own;
    const byRate = (RATE_OVER / span) * (now - at(waitingOwn)) * (own / waitingOwn);
    const trust = own / (own + RATE_OVER / 2);
    return trust * own + (1 - trust) * byRate;
  }

  /** Ours that the current iteration has not taken up. */
  private ownWaiting(iterationTokens: Tokens | undefined): number {
    if (this.waitingOwn === 0) return 0;
    const budget = Math.min(MOST_BUDGET, iterationTokens ?? BUDGET);
    const mean = Math.max(1, this.waitingTokens / this.waitingOwn);
    const taken = Math.max(1, budget / (mean * this.share));
    return Math.max(0, this.waitingOwn - taken);
  }
}
