import type { Random } from '#contract/random.js';
import type { Milliseconds } from '#contract/units.js';
import type { RequestLengths } from '#fleet/closed-form/length-mix.js';
import type { LatencyBounds } from '#fleet/scale/carried-load.js';
import { type FleetConfig, fleetSchema } from '#fleet/schema.js';
import type { PrefillSettings } from '#pool/disaggregation/schema.js';
import type { EngineProfile } from '#pool/engine/profile.js';
import { createPlacer } from '#pool/placement/create-placer.js';
import { createPool, type LivePool } from '#pool/pool.js';
import type { Change } from '#pool/rebalance/move.js';
import type { RebalanceNews } from '#pool/rebalance/rebalancer.js';
import type { PoolConfig } from '#pool/schema.js';
import { expectedEnergy } from '#pool/topology/expected-energy.js';
import { modelFactsOf } from '#router/model-facts.js';
import { createRouter, type Router } from '#router/router.js';
import { type RouterConfig, routerSchema } from '#router/schema.js';
import type { CountSeries } from '#workload/forecast/count-series.js';
import { createTraceProfiler } from '#workload/profile/trace-profile.js';
import { type WorkloadConfig, workloadSchema } from '#workload/schema.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import type { AwaitsToken, Deadline } from './first-token-limit.js';
import { FleetMoments, type FleetWatcher } from './moments.js';
import { RecordedSignals } from './recorded-signals.js';
import { refuseScaling } from './scaling-refusals.js';
import { type Ending, type ExchangeHost, SimulatedExchange } from './simulated-exchange.js';
import { type PoolFigures, type PoolHost, SimulatedPool } from './simulated-pool.js';
import type { SimulatedReplica } from './simulated-replica.js';
import { TracedRequest } from './traced-request.js';
import { type AnsweredRequest, TwinLedger, type TwinTotals } from './twin-ledger.js';
import { Verdicts } from './verdicts.js';
import { VirtualClock } from './virtual-clock.js';

/** The blocks of a configuration that say what becomes of a request. All but the pool have defaults. */
export interface TwinConfig {
  /** Every pool has `simulate` and the addresses of its replicas, which are only names here. */
  readonly pool: PoolConfig;
  readonly router?: RouterConfig;
  readonly workload?: WorkloadConfig;
  readonly fleet?: FleetConfig;
}

export interface FleetTwinOptions {
  readonly config: TwinConfig;
  /** The name that a request asks for: a model's, or a virtual one that has the router decide. */
  readonly asks: (request: TraceRequest) => string;
  readonly random: Random;
  /** Engines of a pool in place of those that its `simulate` describes. */
  readonly profiles?: ReadonlyMap<string, EngineProfile>;
  /** How engines take KV: `paged` as they are computed, unless said, or a whole context window at admission. */
  readonly admission?: 'paged' | 'reserve';
  /** Arrivals come this many times as fast as in the trace: 1 unless said. */
  readonly rateScale?: number;
  /** Answers to requests that came before this are left out of times: engines and caches begin empty. 0 unless said. */
  readonly warmUpMs?: Milliseconds;
  /** Wall time at which the trace began, where it is known: signals of the time of day need it. */
  readonly startedAt?: Milliseconds;
  /** Requests that pools had before the trace began, as a gateway finds them in its store: by pool, in virtual time before 0. */
  readonly loadBefore?: ReadonlyMap<string, CountSeries>;
  /** Told of each request that an engine answered. */
  readonly onAnswered?: (request: AnsweredRequest) => void;
  /** Shown the fleet every so often. */
  readonly watch?: FleetWatcher;
  readonly progress?: (arrived: number) => void;
}

export interface FleetTwinResult extends TwinTotals {
  /** Signals of the configuration that no trace can tell: unknown for every request that did not bring them. */
  readonly missingSignals: readonly string[];
  readonly pools: ReadonlyMap<string, PoolFigures>;
  /** What became of pools that follow the lengths of requests: changes that were made, in order, with virtual times. */
  readonly rebalanced: readonly Change[];
}

const PROGRESS_EVERY = 1000;
/** Changes of boundaries and places that are told of. */
const MOST_CHANGES = 10_000;
/** How long a probe of a replica that is up takes. */
const PROBE_MS = 1;

/**
 * The house in virtual time: the router and the pool that serve traffic, the same code as in the gateway, over modelled engines that may
 * fail and whose number may follow the load. Requests are offered one after the other, so a trace of any length needs no memory but that
 * of what is under way. The same requests, options and seed always give the same, and every request ends once.
 */
export class FleetTwin implements ExchangeHost, PoolHost {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly pool: LivePool;
  readonly router: Router;
  private poolConfig: PoolConfig;
  private readonly workload: WorkloadConfig;
  private readonly profiler = createTraceProfiler();
  private readonly recorded: RecordedSignals;
  private readonly pools = new Map<string, SimulatedPool>();
  private readonly replicas = new Map<string, { readonly replica: SimulatedReplica; readonly pool: SimulatedPool }>();
  private readonly ledger: TwinLedger;
  private readonly verdicts: Verdicts;
  private readonly rateScale: number;
  private readonly changes: Change[] = [];
  private firstMs: Milliseconds | undefined;
  private open = 0;

  constructor(private readonly options: FleetTwinOptions) {
    const { config, random, startedAt, warmUpMs = 0, onAnswered, watch } = options;
    this.random = random;
    this.clock = new VirtualClock(startedAt ?? 0);
    this.rateScale = options.rateScale ?? 1;
    this.poolConfig = config.pool;
    this.workload = config.workload ?? workloadSchema.parse({});
    this.ledger = new TwinLedger(warmUpMs, onAnswered);
    this.verdicts = new Verdicts(config.fleet?.accepted ?? {}, random, config.fleet?.compressible);
    const routerConfig = config.router ?? routerSchema.parse({});
    this.recorded = new RecordedSignals(routerConfig.signals, startedAt !== undefined);
    const models = [...modelFactsOf(config.pool.models).values()];
    this.router = createRouter(routerConfig, {
      clock: this.clock,
      models,
      pool: { read: name => this.pool.read(name) },
    });
    this.pool = createPool(config.pool, {
      clock: this.clock,
      random: random.fork('pool'),
      placer: (kind, draws) => createPlacer(kind, { random: draws }),
      energy: expectedEnergy,
      rebalanced: news => this.rebalanced(news),
    });
    const plans = (config.fleet ?? fleetSchema.parse({})).pools;
    refuseScaling(config.pool, plans);
    for (const [name, entry] of Object.entries(config.pool.pools)) {
      this.pools.set(name, new SimulatedPool(name, entry, plans[name] ?? {}, config.pool, this));
    }
    if (Object.values(plans).some(({ failures }) => failures !== undefined)) this.probe();
    if (watch !== undefined) new FleetMoments(this.clock, this.pool, this.pools, watch);
  }

  /** The next request of the trace; in order of arrival. */
  offer(request: TraceRequest): void {
    this.firstMs ??= request.arrivalMs;
    this.clock.runBefore((request.arrivalMs - this.firstMs) / this.rateScale);
    this.arrive(request);
  }

  /** No more requests come: lets those that are open end. */
  finish(): FleetTwinResult {
    for (const { load } of this.pools.values()) load.advance(this.clock.now());
    while (this.open > 0 && this.clock.step());
    const totals = this.ledger.totals();
    const pools = new Map([...this.pools].map(([name, pool]) => [name, pool.figures(totals.endMs)]));
    return { ...totals, missingSignals: this.recorded.missing, pools, rebalanced: this.changes };
  }

  /** {@link PoolHost} */
  get admission(): 'paged' | 'reserve' {
    return this.options.admission ?? 'paged';
  }

  profileOf(pool: string): EngineProfile | undefined {
    return this.options.profiles?.get(pool);
  }

  /** {@link ReplicaHost} */
  emptied(replica: SimulatedReplica): void {
    this.replicas.get(replica.id)?.pool.emptied(replica);
  }

  /** {@link PoolHost} */
  get latency(): LatencyBounds {
    const { ttft_p99, tpot_p99 } = this.workload.slo;
    return { ttftP99Ms: ttft_p99, tpotMs: tpot_p99 };
  }

  loadBefore(pool: string): CountSeries | undefined {
    return this.options.loadBefore?.get(pool);
  }

  joined(replica: SimulatedReplica, pool: SimulatedPool): void {
    this.replicas.set(replica.id, { replica, pool });
  }

  left(replica: SimulatedReplica): void {
    this.replicas.delete(replica.id);
  }

  rescaled(pool: SimulatedPool): void {
    const { pools } = this.poolConfig;
    this.poolConfig = { ...this.poolConfig, pools: { ...pools, [pool.name]: pool.asConfigured } };
    this.pool.reconfigure(this.poolConfig);
  }

  demand(pool: string): number {
    return (this.pool.read(`${pool}.in_flight`) ?? 0) + (this.pool.read(`${pool}.queued`) ?? 0);
  }

  private rebalanced(news: RebalanceNews): void {
    if (news.kind === 'change') {
      if (news.change.state === 'done' && this.changes.length < MOST_CHANGES) this.changes.push(news.change);
    } else if (news.move.state === 'moved') {
      this.pools.get(news.move.from)!.handOver(news.move.replica, this.pools.get(news.move.to)!);
    }
  }

  /** {@link ExchangeHost} */
  replica(id: string): SimulatedReplica {
    return this.replicas.get(id)!.replica;
  }

  accepts({ model, traced, hardness }: SimulatedExchange): boolean {
    return this.verdicts.accepts(model, traced, hardness);
  }

  sent(who: AwaitsToken, pool: string): Deadline {
    return this.pools.get(pool)!.firstToken.add(who);
  }

  /** {@link PromptHost} */
  prefillOf(pool: string): PrefillSettings {
    return this.poolConfig.pools[pool]!.prefill!;
  }

  prompted(pool: string): void {
    this.pools.get(pool)!.completed++;
  }

  ended(exchange: SimulatedExchange, ending: Ending): void {
    this.open--;
    this.ledger.ended(exchange, ending, this.clock.now());
    const { lease } = exchange;
    if (lease !== undefined) this.pools.get(lease.target.pool)!.ended(lengthsOf(exchange, ending));
    if (ending.kind === 'answered') {
      this.profiler.observeOutput(exchange.profile, exchange.request.outputTokens);
    }
    this.router.observe(exchange.outcome(ending), exchange.route);
  }

  private arrive(traced: TraceRequest): void {
    const now = this.clock.now();
    const index = this.ledger.arrived++;
    const promptBytes = traced.promptTokens * this.workload.tokens.chars_per_token;
    const asks = new TracedRequest(index, now, this.options.asks(traced), promptBytes);
    const flow = {
      tenant: '',
      priority: 'normal',
      dueAt: now + this.workload.slo.ttft_p99,
      bytes: promptBytes,
    } as const;
    const profile = this.profiler.profile(traced);
    this.open++;
    const hardness = this.verdicts.hardness();
    const shorter = this.verdicts.canBeShorter();
    const given = this.recorded.of(traced);
    const exchange = new SimulatedExchange(this, index, traced, asks, profile, flow, given, { hardness, shorter });
    exchange.run();
    if ((index + 1) % PROGRESS_EVERY === 0) this.options.progress?.(index + 1);
  }

  /** Probes replicas as the gateway does, so that the pool finds out who is down. Without failures there is nothing to find. */
  private probe(): void {
    const due = new Map<string, Milliseconds>();
    const look = () => {
      const now = this.clock.now();
      let next = Number.POSITIVE_INFINITY;
      for (const { id, intervalMs } of this.pool.probes()) {
        let at = due.get(id) ?? now;
        if (at <= now) {
          this.pool.probed(id, this.replicas.get(id)?.replica.up === true, PROBE_MS);
          at = now + intervalMs;
          due.set(id, at);
        }
        next = Math.min(next, at);
      }
      if (Number.isFinite(next)) this.clock.at(next, look);
    };
    this.clock.at(0, look);
  }
}

function lengthsOf({ request }: SimulatedExchange, ending: Ending): RequestLengths | undefined {
  if (ending.kind !== 'answered') return undefined;
  return { promptTokens: request.promptTokens, outputTokens: request.outputTokens, cachedTokens: ending.cachedTokens };
}
