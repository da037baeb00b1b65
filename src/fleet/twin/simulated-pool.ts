import type { Random } from '#contract/random.js';
import type { Joules, Milliseconds, Tokens, Usd } from '#contract/units.js';
import type { RequestLengths } from '#fleet/closed-form/length-mix.js';
import type { LatencyBounds } from '#fleet/scale/carried-load.js';
import type { AutoscaleSettings, FleetConfig } from '#fleet/schema.js';
import { createEngine } from '#pool/engine/batching-engine.js';
import type { HostMemory } from '#pool/engine/engine.js';
import { findGpu } from '#pool/engine/hardware.js';
import { hostMemory } from '#pool/engine/host-cache.js';
import { type EngineProfile, engineProfile } from '#pool/engine/profile.js';
import { engineWindow } from '#pool/rebalance/arrangement.js';
import type { ReplicaEntry } from '#pool/replica-schema.js';
import type { PoolConfig, PoolEntry } from '#pool/schema.js';
import { prefillPools } from '#pool/topology/build.js';
import type { CountSeries } from '#workload/forecast/count-series.js';
import { failSometimes } from './failures.js';
import { FirstTokenLimit } from './first-token-limit.js';
import { LoadRule } from './load-rule.js';
import { LoadWindows } from './load-windows.js';
import { PoolScaling, type Scalable, type ScalingRule } from './pool-scaling.js';
import {
  type EngineSums,
  lessOf,
  NOTHING,
  type ReplicaFigures,
  type ReplicaHost,
  SimulatedReplica,
  sumOf,
} from './simulated-replica.js';
import { TargetRule } from './target-rule.js';

export interface PoolFigures {
  /** At the end. */
  readonly replicas: number;
  /** Most that were there, or paid for, at any time. */
  readonly mostReplicas: number;
  /** Answers; of a pool that computes prompts for another, those prompts. */
  readonly completed: number;
  /** Times that a replica failed. */
  readonly failures: number;
  /** Share of the time they were up in which engines ran. */
  readonly utilisation: number;
  /** Share of the replicas' time, from the order to the end of the last request, that they were up. */
  readonly availability: number;
  /** Share of prompt tokens found in prefix caches. */
  readonly prefixHitRate: number;
  readonly promptTokens: Tokens;
  /** Of all prompt tokens, those read from the memory of hosts and from storage behind it, and the share of busy time that waited for such reads. */
  readonly hostHitRate: number;
  readonly diskHitRate: number;
  readonly stalled: number;
  /** What a replica of the pool's kind keeps of prefixes. */
  readonly cache: CacheSize;
  /** Median over windows of 10 s of the most loaded replica over the mean. */
  readonly loadRatios: readonly number[];
  readonly joules: Joules;
  readonly outputTokens: Tokens;
  /** Of all replicas for as long as they were there. */
  readonly usd: Usd;
  /** The same, spread over the time that was simulated. */
  readonly usdPerHour: Usd;
  readonly preemptions: number;
}

/** Tokens of KV that a replica holds, tier by tier, and where that is known from. */
export interface CacheSize {
  readonly from: 'memory' | 'simulate.blocks' | 'given';
  readonly deviceTokens: Tokens;
  readonly hostTokens: Tokens;
  readonly diskTokens: Tokens;
  /** Blocks that placement takes it to hold instead, where the file says so. */
  readonly believedBlocks: number | undefined;
}

export interface PoolHost extends ReplicaHost {
  readonly random: Random;
  /** How engines take KV. */
  readonly admission: 'paged' | 'reserve';
  /** The engine of a pool's replicas where it is not that which the configuration describes. */
  profileOf(pool: string): EngineProfile | undefined;
  /** What replicas are to keep to. */
  readonly latency: LatencyBounds;
  /** Requests of a pool before the trace began, in virtual time before 0. */
  loadBefore(pool: string): CountSeries | undefined;
  joined(replica: SimulatedReplica, pool: SimulatedPool): void;
  left(replica: SimulatedReplica): void;
  /** The list of the pool's replicas has changed. */
  rescaled(pool: SimulatedPool): void;
  /** Requests on a pool's replicas and waiting for it. */
  demand(pool: string): number;
}

const FOREVER = 1e9;
/** Of a sum of times, relative. */
const ROUNDING = 1e-9;
const MS_PER_HOUR = 3_600_000;

/** The replicas of one pool in virtual time: which there are, what becomes of them, what they did and what they cost. */
export class SimulatedPool implements Scalable {
  readonly firstToken: FirstTokenLimit;
  readonly load: LoadWindows;
  completed = 0;
  private readonly members = new Map<string, SimulatedReplica>();
  /** What replicas that came from another pool had done before. */
  private readonly brought = new Map<string, ReplicaFigures>();
  /** Off the list, with requests still on them. */
  private readonly leaving = new Set<SimulatedReplica>();
  private starting = 0;
  private failures = 0;
  /** Of replicas that are no more. */
  private past: EngineSums = NOTHING;
  private pastBusyMs: Milliseconds = 0;
  private pastUpMs: Milliseconds = 0;
  /** Integrals over time of the replicas that are paid for, and of what is paid for them. */
  private paidMs = 0;
  private usd: Usd = 0;
  private paidSince: Milliseconds = 0;
  private mostPaid = 0;
  private grown = 0;
  private slots = 0;
  private readonly freeSlots: number[] = [];
  private readonly kinds = new Map<string, ReplicaKind>();
  private readonly prices = new Map<SimulatedReplica, Usd>();
  private readonly rule: ScalingRule | undefined;
  /** What its engines take. */
  private readonly contextTokens: Tokens;
  /** Not a pool that computes prompts for another. */
  private readonly answers: boolean;

  constructor(
    readonly name: string,
    private readonly entry: PoolEntry,
    private readonly plan: FleetConfig['pools'][string],
    config: PoolConfig,
    private readonly host: PoolHost,
  ) {
    const { replicas = [] } = entry;
    this.answers = !prefillPools(config).has(name);
    this.contextTokens = engineWindow(config, name);
    this.firstToken = new FirstTokenLimit(host.clock, entry.timeouts.first_byte);
    this.load = new LoadWindows(replicas.length);
    for (const { id } of replicas) this.add(id!);
    if (plan.autoscale !== undefined) {
      this.rule = this.ruleOf(plan.autoscale);
      new PoolScaling(this, this.rule, plan.autoscale, host.clock);
    }
  }

  get replicas(): readonly SimulatedReplica[] {
    return [...this.members.values()];
  }

  get demand(): number {
    return this.host.demand(this.name);
  }

  /** The pool as the configuration would have it now. */
  get asConfigured(): PoolEntry {
    const { entry, name } = this;
    const replicas: ReplicaEntry[] = this.replicas.map(replica => {
      const id = replica.id.slice(name.length + 1);
      return this.configured(id) ?? { url: NOWHERE, id, weight: 1 };
    });
    return { ...entry, replicas };
  }

  starts(count: number): void {
    this.accrue(this.host.clock.now());
    this.starting = count;
    this.mostPaid = Math.max(this.mostPaid, this.paid);
  }

  join(): void {
    this.add(`added-${++this.grown}`);
    this.load.live = this.members.size;
    this.host.rescaled(this);
  }

  leave(replicas: readonly SimulatedReplica[]): void {
    for (const replica of replicas) {
      this.members.delete(replica.id);
      this.leaving.add(replica);
    }
    this.load.live = this.members.size;
    this.host.rescaled(this);
    for (const replica of replicas) if (replica.inFlight === 0) this.emptied(replica);
  }

  /** A replica goes to another pool with nothing on it, as it is: what it did here stays with this pool. */
  handOver(id: string, to: SimulatedPool): void {
    const replica = this.members.get(id)!;
    const now = this.host.clock.now();
    this.accrue(now);
    this.members.delete(id);
    const before = replica.figures(now);
    this.keep(this.since(replica, before));
    this.brought.delete(id);
    const usdPerHour = this.prices.get(replica)!;
    this.prices.delete(replica);
    this.freeSlots.push(replica.slot);
    this.load.live = this.members.size;
    to.takeOver(replica, before, usdPerHour);
  }

  private takeOver(replica: SimulatedReplica, before: ReplicaFigures, usdPerHour: Usd): void {
    this.accrue(this.host.clock.now());
    replica.standIn(this.load, this.freeSlots.pop() ?? this.slots++);
    this.members.set(replica.id, replica);
    this.brought.set(replica.id, before);
    this.prices.set(replica, usdPerHour);
    this.load.live = this.members.size;
    this.mostPaid = Math.max(this.mostPaid, this.paid);
    this.host.joined(replica, this);
  }

  /** Nothing runs on a replica any longer: one that is leaving goes. */
  emptied(replica: SimulatedReplica): void {
    if (!this.leaving.has(replica)) return;
    const now = this.host.clock.now();
    this.accrue(now);
    this.leaving.delete(replica);
    this.prices.delete(replica);
    replica.stop();
    this.keep(this.since(replica, replica.figures(now)));
    this.freeSlots.push(replica.slot);
    this.host.left(replica);
  }

  /** A request has ended here: answered, with its lengths, or failed. */
  ended(lengths: RequestLengths | undefined): void {
    if (lengths !== undefined) this.completed++;
    this.rule?.ended(this.host.clock.now(), lengths);
  }

  figures(until: Milliseconds): PoolFigures {
    this.accrue(until);
    let [sums, busyMs, upMs] = [this.past, this.pastBusyMs, this.pastUpMs];
    for (const replica of [...this.members.values(), ...this.leaving]) {
      const figures = this.since(replica, replica.figures(until));
      sums = sumOf(sums, figures);
      busyMs += figures.busyMs;
      upMs += figures.upMs;
    }
    const { promptTokens, cachedTokens, outputTokens, joules, preemptions, hostTokens, diskTokens, stalledMs } = sums;
    const ofPrompts = (tokens: Tokens) => (promptTokens > 0 ? tokens / promptTokens : 0);
    const { completed, failures, paidMs, usd } = this;
    return {
      ...{ replicas: this.members.size, mostReplicas: this.mostPaid, completed, failures },
      utilisation: upMs > 0 ? Math.min(1, busyMs / upMs) : 0,
      // Sums of the same times in another order: what differs by rounding alone was up all the time.
      availability: paidMs - upMs > ROUNDING * paidMs ? upMs / paidMs : 1,
      ...{ promptTokens, prefixHitRate: ofPrompts(cachedTokens) },
      hostHitRate: ofPrompts(hostTokens),
      diskHitRate: ofPrompts(diskTokens),
      stalled: busyMs > 0 ? stalledMs / busyMs : 0,
      cache: this.cacheSize,
      loadRatios: this.load.perWindow,
      ...{ joules, outputTokens: this.answers ? outputTokens : 0, usd, preemptions },
      usdPerHour: until > 0 ? (usd * MS_PER_HOUR) / until : this.usdPerHour,
    };
  }

  private get cacheSize(): CacheSize {
    const { profile, memory } = this.kindOf(undefined);
    const tokens = (blocks = 0) => blocks * profile.blockTokens;
    const { simulate, cache_blocks: believedBlocks } = this.entry;
    const given = this.host.profileOf(this.name) !== undefined;
    return {
      from: given ? 'given' : simulate?.blocks === undefined ? 'memory' : 'simulate.blocks',
      deviceTokens: tokens(profile.totalBlocks),
      ...{ hostTokens: tokens(memory?.blocks), diskTokens: tokens(memory?.disk?.blocks), believedBlocks },
    };
  }

  private ruleOf(settings: AutoscaleSettings): ScalingRule {
    if (settings.target !== undefined) return new TargetRule(this, settings, settings.target);
    const { entry, host, name } = this;
    return new LoadRule(settings, {
      pool: this,
      profiles: () => ({
        there: this.replicas.map(({ id }) => this.kindOf(this.configured(id.slice(name.length + 1))).profile),
        added: this.kindOf(undefined).profile,
      }),
      ...{ latency: host.latency, places: entry.concurrency, before: host.loadBefore(name) },
    });
  }

  private keep(figures: ReplicaFigures): void {
    this.past = sumOf(this.past, figures);
    this.pastBusyMs += figures.busyMs;
    this.pastUpMs += figures.upMs;
  }

  /** What a replica has done in this pool. */
  private since({ id }: SimulatedReplica, figures: ReplicaFigures): ReplicaFigures {
    const before = this.brought.get(id);
    return before === undefined ? figures : lessOf(figures, before);
  }

  private get paid(): number {
    return this.members.size + this.leaving.size + this.starting;
  }

  private get usdPerHour(): Usd {
    let sum = this.starting * this.kindOf(undefined).usdPerHour;
    for (const usd of this.prices.values()) sum += usd;
    return sum;
  }

  private configured(id: string): ReplicaEntry | undefined {
    return this.entry.replicas?.find(replica => replica.id === id);
  }

  /** What a replica is: its own hardware where the file gives it some, and else the pool's, as those that are added have. */
  private kindOf(replica: ReplicaEntry | undefined): ReplicaKind {
    const key = `${replica?.gpu} ${replica?.tp}`;
    const { entry, contextTokens, host, name } = this;
    const kind = this.kinds.get(key) ?? replicaKind(entry, contextTokens, replica, host.profileOf(name));
    this.kinds.set(key, kind);
    return kind;
  }

  private add(id: string): void {
    const { host, plan } = this;
    const { profile, memory, usdPerHour } = this.kindOf(this.configured(id));
    const slot = this.freeSlots.pop() ?? this.slots++;
    const replica = new SimulatedReplica(
      `${this.name}/${id}`,
      slot,
      this.load,
      host,
      profile.kvTransferBytesPerToken,
      () =>
        createEngine(profile, {
          ...{ events: 'milestones', maxWaiting: FOREVER, admission: host.admission },
          host: memory,
        }),
    );
    this.accrue(host.clock.now());
    this.members.set(replica.id, replica);
    this.prices.set(replica, usdPerHour);
    this.mostPaid = Math.max(this.mostPaid, this.paid);
    host.joined(replica, this);
    if (plan.failures === undefined) return;
    const draws = host.random.fork(`failures of ${replica.id}`);
    failSometimes(replica, plan.failures, host.clock, draws, {
      isThere: one => this.members.get(one.id) === one,
      failed: () => {
        this.failures++;
      },
    });
  }

  private accrue(now: Milliseconds): void {
    const ms = now - this.paidSince;
    if (ms <= 0) return;
    this.paidMs += this.paid * ms;
    this.usd += (this.usdPerHour * ms) / MS_PER_HOUR;
    this.paidSince = now;
  }
}

/** Addresses are only names in virtual time. */
const NOWHERE = 'http://127.0.0.1:9';

interface ReplicaKind {
  readonly profile: EngineProfile;
  readonly memory: HostMemory | undefined;
  readonly usdPerHour: Usd;
}

function replicaKind(
  { simulate, gpu_price: price, weights, kv_cache: kvCache }: PoolEntry,
  contextTokens: Tokens,
  own: ReplicaEntry | undefined,
  given: EngineProfile | undefined,
): ReplicaKind {
  const { model, blocks, host_memory: memory } = simulate!;
  const [gpu, tp] = [own?.gpu ?? simulate!.gpu, own?.tp ?? simulate!.tp];
  // So many blocks are a matter of the pool's own GPUs.
  const said = blocks === undefined || gpu !== simulate!.gpu || tp !== simulate!.tp ? {} : { blocks };
  const precision = { ...(weights && { weights }), ...(kvCache && { kvCache }) };
  const profile = given ?? engineProfile({ model, gpu, tp, contextTokens, ...said, ...precision });
  return {
    profile,
    memory: memory && hostMemory(profile, memory),
    usdPerHour: (price ?? (given === undefined ? findGpu(gpu).usdPerHour : 0)) * tp,
  };
}
