import type { Milliseconds, Tokens } from '#contract/units.js';
import { FadingMean } from './mean.js';

/** What an engine can do, as far as it is known. */
export interface EngineBounds {
  /** Sequences: vLLM's `max_num_seqs`, which `concurrency` is set to. */
  readonly limit: number;
  readonly kvTokens: Tokens | undefined;
  /** Tokens that one iteration takes, decodes included: vLLM's `max_num_batched_tokens`. */
  readonly batchTokens: Tokens | undefined;
}

/** How fast an engine is seen to be. */
export interface EnginePace {
  /** Prompt tokens a millisecond that it reads when nothing else is in the way. */
  readonly alone: number | undefined;
  /** Time per output token of late, which is what an iteration takes. */
  readonly tpotMs: Milliseconds | undefined;
}

/** What an engine said of itself, when, and what we had on it then. */
interface Telemetry {
  readonly waiting: number;
  readonly at: Milliseconds;
  readonly ownWaiting: number;
}

/** Age at which what the engine said counts as much as 1/e. */
const STALE_MS = 2000;
/** Tokens of an iteration where nothing tells: vLLM's `max_num_batched_tokens` on most GPUs. */
const BUDGET: Tokens = 2048;
/** Share of its KV memory that an engine holds while the next prompt does not fit. */
const FULL = 0.95;
/** Nobody is taken to share an engine with more than this many times our traffic. */
const MOST_SHARE = 20;
/** What a first token more leaves of what capacity was seen, and of what was learned of others. */
const KEPT = 0.97;
const REMEMBERED = 0.998;
/** First tokens of ours in a line that the supposition of no others counts for. */
const PRIOR = 32;
/** Our last requests whose time of joining is known. */
const JOINS = 1024;

/** One of our requests on the engine. */
export interface OwnRequest {
  readonly promptTokens: Tokens;
  /** Prompt tokens it has to compute. */
  readonly uncached: Tokens;
}

/**
 * How many requests wait inside an engine that others use as well, from our own requests alone: those without a first token, less those
 * that the current iteration takes up, and those of others that came since the first of ours in line did.
 *
 * Others' arrivals are taken for a Poisson process whose rate has a Gamma posterior that forgets (Gelman et al., Bayesian Data Analysis,
 * 3rd ed., §2.6). It is learned while a line stands. An engine has a line only when something is exhausted, and each thing bounds all traffic
 * together; the least bound is the tight one:
 *
 *     f = min( prefill rate · time / our prompt tokens served in it,  sequences / ours running,  0.95 KV tokens / ours held )
 *
 * So f − 1 of others were served for each of ours, and first come, first served, they had come in the time between two of ours:
 *
 *     others' rate = Σ(f − 1) / (n + 32) · n / Σ time between ours that began,    n first tokens of ours, each fading by 0.998
 *
 * The prefill rate under a line is (tokens of an iteration − decodes) / time per output token; while that is of shorter iterations, the rate
 * alone, less what decodes take of the iteration now and did not then, is the lower.
 *
 * Requests that are not streamed show no first token: they count as others' traffic. First come, first served is how
 * vLLM and SGLang schedule unless told otherwise. What the engine itself says is weighed in by e^(−age / 2 s).
 */
export class EngineState {
  /** Ours without a first token, and ours with one. */
  private waitingOwn = 0;
  private waitingTokens: Tokens = 0;
  private running = 0;
  private runningPrompts: Tokens = 0;
  /** Sum of the times at which those that run began, from the first of them on: for how long all have run is had from it. */
  private begunAt: Milliseconds = 0;
  private origin: Milliseconds = 0;

  /** When our last requests were put on the engine, as a ring. */
  private readonly joins = new Float64Array(JOINS);
  private joinCount = 0;

  /** Sequences that ran, of whomever, when the last of ours came that found none of ours in line. */
  private readonly runningAlone = new FadingMean(0.02);
  private capacityTokens: Tokens = 0;
  private ownTokens: Tokens = 0;
  private lastBegan: Milliseconds = Number.NEGATIVE_INFINITY;
  private lastJoined: Milliseconds = Number.NEGATIVE_INFINITY;
  /** Others served in lines, first tokens of ours there, and the time in which both had come. */
  private othersServed = 0;
  private seen = 0;
  private spanMs: Milliseconds = 0;
  private telemetry: Telemetry | undefined;

  /** All traffic over ours; 1 until a line has shown that there is more. */
  get share(): number {
    return 1 + this.othersServed / (this.seen + PRIOR);
  }

  /** Whether a line has stood, so that {@link share} is a finding. */
  get informed(): boolean {
    return this.seen > 0;
  }

  joined({ uncached }: OwnRequest, now: Milliseconds): void {
    if (this.waitingOwn === 0) this.runningAlone.observe(this.running * this.share);
    this.joins[this.joinCount++ % JOINS] = now;
    this.waitingOwn += 1;
    this.waitingTokens += uncached;
  }

  /**
   * A first token came.
   *
   * @param joinedAt when it was put on the engine.
   */
  began(request: OwnRequest, joinedAt: Milliseconds, now: Milliseconds, pace: EnginePace, bounds: EngineBounds): void {
    this.left(request);
    // In line since before the last first token, and more than one iteration behind it: the engine has not been idle in between.
    if (joinedAt < this.lastBegan && this.waitingTokens > (bounds.batchTokens ?? BUDGET)) {
      const rate = this.prefillRate(pace, bounds);
      if (Number.isFinite(rate)) {
        this.capacityTokens = KEPT * this.capacityTokens + rate * (now - this.lastBegan);
        this.ownTokens = KEPT * this.ownTokens + request.uncached;
      }
      this.learn(Math.max(0, joinedAt - this.lastJoined), now, pace, bounds);
    }
    this.lastBegan = now;
    this.lastJoined = joinedAt;
    if (this.running === 0) this.origin = now;
    this.running += 1;
    this.runningPrompts += request.promptTokens;
    this.begunAt += now - this.origin;
  }

  /** Ended, having begun at `beganAt`. */
  ended({ promptTokens }: OwnRequest, beganAt: Milliseconds): void {
    this.running -= 1;
    this.runningPrompts -= promptTokens;
    this.begunAt -= beganAt - this.origin;
    if (this.running <= 0) {
      this.running = 0;
      this.runningPrompts = 0;
      this.begunAt = 0;
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

  /** The engine said how many wait in it. `batchTokens` as in {@link waiting}. */
  told(waiting: number, at: Milliseconds, batchTokens?: Tokens): void {
    if (Number.isFinite(waiting) && waiting >= 0)
      this.telemetry = { waiting, at, ownWaiting: this.ownWaiting(batchTokens) };
  }

  /**
   * Requests, of whomever, that wait in the engine.
   *
   * @param batchTokens tokens that one iteration takes, where that is known.
   */
  waiting(now: Milliseconds, batchTokens?: Tokens): number {
    const own = this.ownWaiting(batchTokens);
    const inferred = own + this.othersSince(own, now);
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
    this.othersServed = 0;
    this.seen = 0;
    this.spanMs = 0;
    this.runningAlone.reset();
    this.capacityTokens = 0;
    this.ownTokens = 0;
    this.telemetry = undefined;
  }

  /** Prompt tokens a millisecond that the engine reads while a line stands; infinite while nothing is known of it. */
  private prefillRate({ alone, tpotMs }: EnginePace, { limit, batchTokens }: EngineBounds): number {
    const slowest = alone ?? Number.POSITIVE_INFINITY;
    if (batchTokens === undefined) return slowest;
    const prompts = Math.max(1, batchTokens - Math.min(limit, this.running * this.share));
    const then = Math.max(1, batchTokens - Math.min(limit, this.runningAlone.value ?? 0));
    return Math.min(slowest * Math.min(1, prompts / then), tpotMs === undefined ? slowest : prompts / tpotMs);
  }

  private learn(spanMs: Milliseconds, now: Milliseconds, { tpotMs }: EnginePace, bounds: EngineBounds): void {
    const { limit, kvTokens } = bounds;
    const answers =
      tpotMs === undefined || tpotMs <= 0 ? 0 : (this.running * (now - this.origin) - this.begunAt) / tpotMs;
    const held = this.runningPrompts + answers;
    const prefill = this.ownTokens > 0 ? this.capacityTokens / this.ownTokens : MOST_SHARE;
    const sequences = this.running > 0 ? limit / this.running : MOST_SHARE;
    const memory = kvTokens === undefined || held <= 0 ? MOST_SHARE : (FULL * kvTokens) / held;
    const least = Math.min(prefill, sequences, memory);
    if (!(least < MOST_SHARE)) return;
    this.othersServed = REMEMBERED * this.othersServed + Math.max(0, least - 1);
    this.seen = REMEMBERED * this.seen + 1;
    this.spanMs = REMEMBERED * this.spanMs + spanMs;
  }

  /** Others' requests in line: those that came since the first of `own` of ours did, at their posterior mean rate. */
  private othersSince(own: number, now: Milliseconds): number {
    const { joins, joinCount, waitingOwn, share, seen, spanMs } = this;
    if (own <= 0 || seen === 0) return 0;
    if (waitingOwn > JOINS || spanMs <= 0) return own * (share - 1);
    const rate = ((share - 1) * seen) / spanMs;
    const first = joins[(joinCount - waitingOwn) % JOINS]!;
    return (rate * (now - first) * own) / waitingOwn;
  }

  /** Ours that the current iteration has not taken up. */
  private ownWaiting(batchTokens: Tokens | undefined): number {
    if (this.waitingOwn === 0) return 0;
    const mean = Math.max(1, this.waitingTokens / this.waitingOwn);
    const taken = Math.max(1, (batchTokens ?? BUDGET) / (mean * this.share));
    return Math.max(0, this.waitingOwn - taken);
  }
}
