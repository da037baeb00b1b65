import { isWeirError } from '#contract/errors.js';
import type { Milliseconds, Tokens } from '#contract/units.js';
import type { Engine, EngineIteration } from '#pool/engine/engine.js';
import type { Placer, ReplicaView } from '#pool/placement/placer.js';
import type { PrefixClaim } from '#pool/placement/prefix-claims.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import { LoadWindows } from './load-windows.js';
import { ReplicaLoad } from './replica-load.js';
import { VirtualClock } from './virtual-clock.js';

export interface TwinOptions {
  readonly placer: Placer;
  /** One for each replica; used up by the run. `events: 'milestones'` is enough and much faster. */
  readonly engines: readonly Engine[];
  readonly replica: Pick<ReplicaView, 'limit' | 'contextTokens' | 'cacheBlocks' | 'kvTokens' | 'forecast'>;
  /** Arrivals come this many times as fast as in the trace: 1 unless said. */
  readonly rateScale?: number;
  readonly windowMs?: Milliseconds;
  /** What the placer learns beyond where requests went: nothing unless said. */
  readonly telling?: Telling;
  /** Told how many requests have arrived, every so often. */
  readonly progress?: (arrived: number) => void;
}

/** What engines tell a placer. */
export interface Telling {
  /** The tokens of a prompt, as engines with cache events are asked for them; unknown unless said. */
  readonly tokensOf?: (request: TraceRequest) => ArrayLike<number>;
  /** At the end of every iteration of a replica's engine, before anything else happens then. */
  readonly iterated?: (replica: string, clock: VirtualClock) => void;
}

/** What became of one request, times in virtual ms. */
export interface TwinOutcome {
  readonly index: number;
  readonly arrivalMs: Milliseconds;
  readonly replica: number;
  readonly promptTokens: Tokens;
  readonly outputTokens: Tokens;
  /** Prompt tokens that the placer took the replica to hold. */
  readonly expectedTokens: Tokens;
  readonly cachedTokens: Tokens;
  readonly ttftMs: Milliseconds;
  /** Mean time per output token after the first; `undefined` for an answer of one. */
  readonly tpotMs: Milliseconds | undefined;
  readonly e2eMs: Milliseconds;
}

export interface TwinResult {
  /** In order of completion. */
  readonly completed: readonly TwinOutcome[];
  /** Requests that no replica could take, or that its engine refused. */
  readonly rejected: number;
  /** Most loaded replica over the mean, for each window between the first and the last arrival: {@link LoadWindows}. */
  readonly loadRatios: readonly number[];
  /** The same at the moment of each arrival. */
  readonly momentaryLoadRatios: readonly number[];
  /** Virtual time at which the last answer ended. */
  readonly endMs: Milliseconds;
  /** Share of time in which the replicas' engines ran, mean over replicas. */
  readonly busy: number;
  /** Requests placed on each replica. */
  readonly placed: readonly number[];
}

/** Before anything has finished, answers are expected to be this long. */
const FIRST_GUESS_TOKENS = 256;
const PROGRESS_EVERY = 1000;

/**
 * Plays a trace through the placement code and the engine model in virtual time. Everything that placement sees is what it would
 * see live: load as placed and released, answers expected to be as long as those that have ended so far were on average; with
 * {@link TwinOptions.telling}, also what engines report of each answer, and tell of their caches. The same trace, options and seeds always give the same result.
 */
export function playTrace(requests: readonly TraceRequest[], options: TwinOptions): TwinResult {
  return new TraceDriver(requests, options).play();
}

interface Running {
  readonly index: number;
  readonly arrivalMs: Milliseconds;
  readonly reserved: Tokens;
  readonly uncached: Tokens;
  readonly expected: Tokens;
  readonly claim: PrefixClaim | undefined;
  firstTokenMs: Milliseconds;
  cachedTokens: Tokens;
}

class TraceDriver {
  private readonly clock = new VirtualClock();
  private readonly replicas: ReplicaLoad[];
  private readonly indexOf = new Map<string, number>();
  private readonly running = new Map<number, Running>();
  private readonly active: boolean[];
  private readonly placed: number[];
  private readonly completed: TwinOutcome[] = [];
  private readonly load: LoadWindows;
  private readonly rateScale: number;
  private loadRatios: readonly number[] = [];
  private nextArrivalMs = Number.POSITIVE_INFINITY;
  private rejected = 0;
  private busyMs = 0;
  private answered = 0;
  private answerTokens = 0;

  constructor(
    private readonly requests: readonly TraceRequest[],
    private readonly options: TwinOptions,
  ) {
    const { engines, replica } = options;
    this.replicas = engines.map((_, i) => new ReplicaLoad(`replica-${i}`, { pool: 'twin', ...replica }));
    for (const [i, { id }] of this.replicas.entries()) this.indexOf.set(id, i);
    this.active = engines.map(() => false);
    this.placed = engines.map(() => 0);
    this.load = new LoadWindows(engines.length, options.windowMs);
    this.rateScale = options.rateScale ?? 1;
  }

  play(): TwinResult {
    this.awaitArrival(0);
    this.clock.run();
    const endMs = this.clock.now();
    for (const engine of this.options.engines) engine.settle(endMs);
    const { completed, rejected, placed, loadRatios } = this;
    const busy = endMs > 0 ? this.busyMs / endMs / this.replicas.length : 0;
    return { completed, rejected, loadRatios, momentaryLoadRatios: this.load.momentary, endMs, busy, placed };
  }

  private awaitArrival(index: number): void {
    const request = this.requests[index];
    if (request === undefined) {
      this.nextArrivalMs = Number.POSITIVE_INFINITY;
      this.load.advance(this.clock.now());
      this.loadRatios = this.load.perWindow.slice();
      return;
    }
    this.nextArrivalMs = (request.arrivalMs - this.requests[0]!.arrivalMs) / this.rateScale;
    this.clock.at(this.nextArrivalMs, () => {
      this.awaitArrival(index + 1);
      this.arrive(index, request);
      if ((index + 1) % PROGRESS_EVERY === 0) this.options.progress?.(index + 1);
    });
  }

  private arrive(index: number, request: TraceRequest): void {
    const { placer, engines, telling } = this.options;
    const now = this.clock.now();
    const { promptTokens, prefix } = request;
    const outputTokens = Math.max(1, request.outputTokens);
    const asked = {
      model: 'twin',
      promptTokens,
      outputTokens: this.answered > 0 ? Math.round(this.answerTokens / this.answered) : FIRST_GUESS_TOKENS,
      prefix,
      tokens: telling?.tokensOf?.(request),
      session: request.session ?? '',
      constraints: {},
      exclude: [],
    };
    const choice = placer.choose(asked, this.replicas);
    if (choice === undefined) {
      this.rejected++;
      return;
    }
    const at = this.indexOf.get(choice.replica.id)!;
    try {
      engines[at]!.submit({ id: index, promptTokens, outputTokens, prefix }, now);
    } catch (error) {
      if (!isWeirError(error)) throw error;
      this.rejected++;
      return;
    }
    const claim = placer.begin?.(asked, choice.replica.id);
    placer.committed(asked, choice.replica.id, claim);
    const reserved = promptTokens + asked.outputTokens;
    const expected = choice.expectedPrefixTokens;
    const uncached = Math.max(0, promptTokens - expected);
    this.replicas[at]!.placed(reserved, uncached);
    this.placed[at]!++;
    this.load.add(at, promptTokens + outputTokens, now);
    this.load.sample();
    this.running.set(index, {
      ...{ index, arrivalMs: now, reserved, uncached, expected, claim },
      ...{ firstTokenMs: -1, cachedTokens: 0 },
    });
    if (!this.active[at]) this.runEngine(at);
  }

  private runEngine(at: number): void {
    const { engines, telling } = this.options;
    const now = this.clock.now();
    // What an iteration did to the cache is told at its own end.
    const iteration = engines[at]!.advance(now, telling?.iterated === undefined ? this.nextArrivalMs : now);
    this.active[at] = iteration !== undefined;
    if (iteration === undefined) return;
    this.busyMs += iteration.endsAt - iteration.startedAt;
    this.clock.at(iteration.endsAt, () => {
      telling?.iterated?.(this.replicas[at]!.id, this.clock);
      this.observe(at, iteration);
      this.runEngine(at);
    });
  }

  private observe(at: number, { events }: EngineIteration): void {
    const now = this.clock.now();
    for (const event of events) {
      const running = this.running.get(event.id);
      if (running === undefined || event.kind === 'preempted') continue;
      if (event.kind === 'finished') this.finish(at, running, now);
      else if (running.firstTokenMs < 0) {
        running.firstTokenMs = now;
        running.cachedTokens = event.cachedTokens;
        this.replicas[at]!.firstToken(running.uncached);
      }
    }
  }

  private finish(at: number, running: Running, now: Milliseconds): void {
    const { index, arrivalMs, firstTokenMs, cachedTokens, expected, claim } = running;
    const { promptTokens } = this.requests[index]!;
    const outputTokens = Math.max(1, this.requests[index]!.outputTokens);
    this.running.delete(index);
    this.replicas[at]!.finished(running.reserved);
    if (claim !== undefined) {
      const { placer, telling } = this.options;
      placer.ended?.(claim, true, telling && { promptTokens, completionTokens: outputTokens, cachedTokens });
    }
    this.load.add(at, -(promptTokens + outputTokens), now);
    this.answered++;
    this.answerTokens += outputTokens;
    this.completed.push({
      index,
      arrivalMs,
      replica: at,
      promptTokens,
      outputTokens,
      expectedTokens: expected,
      cachedTokens,
      ttftMs: firstTokenMs - arrivalMs,
      tpotMs: outputTokens > 1 ? (now - firstTokenMs) / (outputTokens - 1) : undefined,
      e2eMs: now - arrivalMs,
    });
  }
}
