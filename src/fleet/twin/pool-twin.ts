import { isWeirError } from '#contract/errors.js';
import type { Random } from '#contract/random.js';
import type { Milliseconds, Tokens, Usd } from '#contract/units.js';
import { createEngine } from '#pool/engine/batching-engine.js';
import type { Engine, EngineIteration } from '#pool/engine/engine.js';
import { findGpu } from '#pool/engine/hardware.js';
import { engineProfile } from '#pool/engine/profile.js';
import type { Lease } from '#pool/lease.js';
import { createPlacer } from '#pool/placement/create-placer.js';
import { createPool, type LivePool } from '#pool/pool.js';
import type { PoolConfig, PoolEntry } from '#pool/schema.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import { LoadWindows } from './load-windows.js';
import { VirtualClock } from './virtual-clock.js';

export interface PoolTwinOptions {
  /** The `pool:` block; every pool has `simulate` and the addresses of its replicas, which are only names here. */
  readonly config: PoolConfig;
  /** Model of a request: the trace may name it. */
  readonly modelOf: (request: TraceRequest) => string;
  readonly random: Random;
  /** How engines admit; `paged` unless said. */
  readonly admission?: 'paged' | 'reserve';
  /** What answers are expected to be; the mean of those that have ended unless said. */
  readonly lengths?: AnswerLengths;
  /** Arrivals come this many times as fast as in the trace: 1 unless said. */
  readonly rateScale?: number;
  readonly progress?: (arrived: number) => void;
}

/** Says how long an answer is expected to be, and learns how long it was. */
export interface AnswerLengths {
  expected(request: TraceRequest): Tokens;
  observe(request: TraceRequest, outputTokens: Tokens): void;
}

/** What became of a request that was answered, times in virtual ms. */
export interface AnsweredRequest {
  readonly index: number;
  readonly arrivalMs: Milliseconds;
  readonly pool: string;
  readonly replica: string;
  readonly outputTokens: Tokens;
  readonly cachedTokens: Tokens;
  /** From arrival, waiting for a place included. */
  readonly ttftMs: Milliseconds;
  readonly tpotMs: Milliseconds | undefined;
  readonly e2eMs: Milliseconds;
}

export interface PoolFigures {
  readonly replicas: number;
  readonly completed: number;
  /** Share of time in which engines ran, mean over replicas. */
  readonly utilisation: number;
  /** Share of prompt tokens found in prefix caches. */
  readonly prefixHitRate: number;
  /** Median over windows of 10 s of the most loaded replica over the mean. */
  readonly loadRatios: readonly number[];
  readonly joules: number;
  readonly usdPerHour: Usd;
  readonly preemptions: number;
}

export interface PoolTwinResult {
  readonly arrived: number;
  /** In order of completion. */
  readonly completed: readonly AnsweredRequest[];
  /** Requests that no place was found for, by the code that says why. */
  readonly rejected: ReadonlyMap<string, number>;
  /** Requests that had a place and that the engine there refused. */
  readonly failed: number;
  readonly endMs: Milliseconds;
  readonly pools: ReadonlyMap<string, PoolFigures>;
}

const FIRST_GUESS_TOKENS = 256;
const PROGRESS_EVERY = 1000;
const FOREVER = 1e9;

/**
 * Plays a trace through the pool that serves traffic (its placement, queues, limits, health and estimates, the same code as in the gateway)
 * over modelled engines, in virtual time. The pool sees what it would see live: leases taken and given back, first bytes, usage. The same
 * trace, configuration and seed always give the same result, and every request ends once: answered, rejected or failed.
 */
export function playPool(requests: readonly TraceRequest[], options: PoolTwinOptions): PoolTwinResult {
  return new PoolTwin(requests, options).play();
}

interface SimulatedReplica {
  readonly pool: SimulatedPool;
  /** Among those of its pool. */
  readonly at: number;
  readonly engine: Engine;
  readonly running: Map<number, Running>;
  active: boolean;
  busyMs: Milliseconds;
}

interface SimulatedPool {
  readonly name: string;
  readonly replicas: SimulatedReplica[];
  readonly load: LoadWindows;
  readonly usdPerHour: Usd;
  completed: number;
}

interface Running {
  readonly index: number;
  readonly arrivalMs: Milliseconds;
  readonly lease: Lease;
  readonly tokens: Tokens;
  readonly outputTokens: Tokens;
  firstTokenMs: Milliseconds;
}

class PoolTwin {
  private readonly clock = new VirtualClock();
  private readonly pool: LivePool;
  private readonly pools = new Map<string, SimulatedPool>();
  private readonly replicas = new Map<string, SimulatedReplica>();
  private readonly completed: AnsweredRequest[] = [];
  private readonly rejected = new Map<string, number>();
  private readonly rateScale: number;
  private failed = 0;
  private nextArrivalMs = Number.POSITIVE_INFINITY;
  private waiting = 0;
  private answered = 0;
  private answerTokens = 0;
  private lastEndMs: Milliseconds = 0;

  constructor(
    private readonly requests: readonly TraceRequest[],
    private readonly options: PoolTwinOptions,
  ) {
    this.rateScale = options.rateScale ?? 1;
    this.pool = createPool(options.config, {
      clock: this.clock,
      random: options.random.fork('pool'),
      placer: (kind, draws) => createPlacer(kind, { random: draws }),
    });
    for (const { id, pool: name } of this.pool.replicas()) {
      const entry = options.config.pools[name]!;
      const pool = this.pools.get(name) ?? simulatedPool(name, entry);
      this.pools.set(name, pool);
      const engine = createEngine(profileOf(entry, options.config), {
        ...{ events: 'milestones', maxWaiting: FOREVER },
        admission: options.admission ?? 'paged',
      });
      const replica = { pool, at: pool.replicas.length, engine, running: new Map(), active: false, busyMs: 0 };
      pool.replicas.push(replica);
      this.replicas.set(id, replica);
    }
  }

  play(): PoolTwinResult {
    this.awaitArrival(0);
    this.clock.run();
    const endMs = this.lastEndMs;
    const pools = new Map<string, PoolFigures>();
    for (const pool of this.pools.values()) pools.set(pool.name, figuresOf(pool, endMs));
    const { completed, rejected, failed } = this;
    return { arrived: this.requests.length, completed, rejected, failed, endMs, pools };
  }

  private awaitArrival(index: number): void {
    const request = this.requests[index];
    if (request === undefined) {
      this.nextArrivalMs = Number.POSITIVE_INFINITY;
      for (const { load } of this.pools.values()) load.advance(this.clock.now());
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
    const arrivalMs = this.clock.now();
    const asked = {
      model: this.options.modelOf(request),
      promptTokens: request.promptTokens,
      outputTokens: this.options.lengths?.expected(request) ?? this.meanAnswer,
      prefix: request.prefix,
      session: request.session ?? '',
      constraints: {},
      exclude: [],
    };
    this.waiting++;
    this.pool.acquire(asked, result => {
      this.waiting--;
      if (isWeirError(result)) this.rejected.set(result.code, (this.rejected.get(result.code) ?? 0) + 1);
      else this.start(index, arrivalMs, request, result);
    });
  }

  private get meanAnswer(): Tokens {
    return this.answered > 0 ? Math.round(this.answerTokens / this.answered) : FIRST_GUESS_TOKENS;
  }

  private start(index: number, arrivalMs: Milliseconds, request: TraceRequest, lease: Lease): void {
    const now = this.clock.now();
    const replica = this.replicas.get(lease.target.id)!;
    const { promptTokens, prefix } = request;
    const outputTokens = Math.max(1, request.outputTokens);
    try {
      replica.engine.submit({ id: index, promptTokens, outputTokens, prefix }, now);
    } catch (error) {
      if (!isWeirError(error)) throw error;
      this.failed++;
      lease.release({ status: 'failed', replicaFault: false });
      return;
    }
    lease.sent();
    const tokens = promptTokens + outputTokens;
    replica.running.set(index, { index, arrivalMs, lease, tokens, outputTokens, firstTokenMs: -1 });
    replica.pool.load.add(replica.at, tokens, now);
    if (!replica.active) this.run(replica);
  }

  private run(replica: SimulatedReplica): void {
    // Who waits may be placed by whatever ends next, so engines then go one iteration at a time.
    const until = this.waiting > 0 ? this.clock.now() : this.nextArrivalMs;
    const iteration = replica.engine.advance(this.clock.now(), until);
    replica.active = iteration !== undefined;
    if (iteration === undefined) return;
    replica.busyMs += iteration.endsAt - iteration.startedAt;
    this.clock.at(iteration.endsAt, () => {
      this.observe(replica, iteration);
      this.run(replica);
    });
  }

  private observe(replica: SimulatedReplica, { events }: EngineIteration): void {
    const now = this.clock.now();
    // A release may place a waiting request on this very engine, whose events are its own to reuse.
    const ended: (() => void)[] = [];
    for (const { kind, id, cachedTokens } of events) {
      const running = replica.running.get(id);
      if (running === undefined || kind === 'preempted') continue;
      if (kind === 'finished') ended.push(() => this.finish(replica, running, cachedTokens, now));
      else if (running.firstTokenMs < 0) {
        running.firstTokenMs = now;
        running.lease.firstByte();
      }
    }
    for (const end of ended) end();
  }

  private finish(replica: SimulatedReplica, running: Running, cachedTokens: Tokens, now: Milliseconds): void {
    const { index, arrivalMs, firstTokenMs, lease, outputTokens, tokens } = running;
    replica.running.delete(index);
    replica.pool.load.add(replica.at, -tokens, now);
    replica.pool.completed++;
    this.answered++;
    this.answerTokens += outputTokens;
    this.options.lengths?.observe(this.requests[index]!, outputTokens);
    this.lastEndMs = now;
    this.completed.push({
      ...{ index, arrivalMs, pool: replica.pool.name, replica: lease.target.id, outputTokens, cachedTokens },
      ttftMs: firstTokenMs - arrivalMs,
      tpotMs: outputTokens > 1 ? (now - firstTokenMs) / (outputTokens - 1) : undefined,
      e2eMs: now - arrivalMs,
    });
    const promptTokens = tokens - outputTokens;
    const usage = { promptTokens, completionTokens: outputTokens, cachedTokens };
    lease.release({ status: 'answered', replicaFault: false, usage });
  }
}

function simulatedPool(name: string, { simulate, replicas }: PoolEntry): SimulatedPool {
  const usdPerHour = (replicas?.length ?? 0) * (simulate?.tp ?? 1) * findGpu(simulate?.gpu ?? '').usdPerHour;
  return { name, replicas: [], load: new LoadWindows(replicas?.length ?? 0), usdPerHour, completed: 0 };
}

function profileOf({ simulate, context, model }: PoolEntry, config: PoolConfig) {
  const { model: engineModel, gpu, tp, blocks } = simulate!;
  return engineProfile({
    ...{ model: engineModel, gpu, tp, contextTokens: context ?? config.models[model]!.context },
    ...(blocks === undefined ? {} : { blocks }),
  });
}

function figuresOf({ replicas, completed, load, usdPerHour }: SimulatedPool, endMs: Milliseconds): PoolFigures {
  let [busy, prompt, cached, joules, preemptions] = [0, 0, 0, 0, 0];
  for (const { engine, busyMs } of replicas) {
    engine.settle(endMs);
    const stats = engine.stats();
    busy += busyMs;
    prompt += stats.promptTokens;
    cached += stats.cachedTokens;
    joules += stats.joules;
    preemptions += stats.preemptions;
  }
  return {
    ...{ replicas: replicas.length, completed, joules, usdPerHour, preemptions },
    utilisation: endMs > 0 ? busy / endMs / replicas.length : 0,
    prefixHitRate: prompt > 0 ? cached / prompt : 0,
    loadRatios: load.perWindow,
  };
}
