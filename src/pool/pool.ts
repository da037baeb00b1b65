// Long because: who gets a place, who waits and what a release lets in is one idea over one state; its parts stand in the folders below.
import type { Cancel, Clock } from '#contract/clock.js';
import type { WeirError } from '#contract/errors.js';
import type { Usage } from '#contract/outcome.js';
import type { PlacementRequest } from '#contract/placement.js';
import type { Quote } from '#contract/pool-view.js';
import type { WorkloadProfile } from '#contract/profile.js';
import type { Random } from '#contract/random.js';
import type { PlacementConstraints } from '#contract/route.js';
import type { Milliseconds, Tokens } from '#contract/units.js';
import { type PrefillPlace, placePrefill } from './disaggregation/prefill-place.js';
import { quote } from './estimation/quote.js';
import { factsOf } from './flow/facts.js';
import { HeldLease, type LeaseHost } from './flow/held-lease.js';
import { mayUse, shed, whyNowhere } from './flow/refusals.js';
import { shedChance } from './flow/shedding.js';
import { WaitingRoom } from './flow/waiting-room.js';
import type { Lease, ReplicaStatus } from './lease.js';
import type { LivePool, PoolDeps } from './live-pool.js';
import type { BlockLedger } from './placement/blocks/block-ledger.js';
import { ThriftyRequest, tooDear } from './placement/energy-limit.js';
import type { Choice, ReplicaView } from './placement/placer.js';
import { pricedTiers } from './placement/prefix-tiers.js';
import { arranged } from './rebalance/arrangement.js';
import { Rebalancer } from './rebalance/rebalancer.js';
import type { PoolConfig } from './schema.js';
import { Hearsay } from './sharing/hearsay.js';
import type { PoolNews } from './sharing/news.js';
import { Outbox } from './sharing/outbox.js';
import { borderlineOf } from './topology/borderline.js';
import { buildTopology } from './topology/build.js';
import { type EventSource, eventSources } from './topology/event-sources.js';
import { measure } from './topology/measures.js';
import { judge } from './topology/outliers.js';
import { type Probe, probeSettings } from './topology/probes.js';
import { type EngineFacts, Replica } from './topology/replica.js';
import { EMPTY_TOPOLOGY, type PoolMemory, type ServedModel, type ServedPool, type Tier } from './topology/served.js';
import { type PoolSnapshot, snapshotOf } from './topology/snapshot.js';

export type { LivePool, PoolDeps, Rebalancing } from './live-pool.js';

/**
 * Puts a configuration to work.
 *
 * @throws WeirError `config.unknown_reference` for a pool whose model is not defined, `config.duplicate` for a replica that
 * stands twice.
 */
export function createPool(config: PoolConfig, deps: PoolDeps): LivePool {
  return new PoolAtWork(config, deps);
}

const NOTHING: Cancel = () => {};

class PoolAtWork implements LivePool, LeaseHost {
  readonly clock: Clock;
  private topology = EMPTY_TOPOLOGY;
  /** Replicas that left the configuration with leases still open; each goes with its last lease. */
  private readonly draining = new Set<Replica>();
  private readonly outbox = new Outbox();
  private readonly hearsay = new Hearsay();
  private readonly waiting: WaitingRoom;
  readonly rebalancing: Rebalancer;
  private readonly lots: Random;

  constructor(
    private config: PoolConfig,
    private readonly deps: PoolDeps,
  ) {
    this.clock = deps.clock;
    this.lots = deps.random.fork('shedding');
    this.topology = buildTopology(config, EMPTY_TOPOLOGY, deps);
    this.waiting = new WaitingRoom({
      clock: deps.clock,
      model: name => this.topology.models.get(name),
      pool: name => this.topology.pools.get(name),
      place: (request, since, now) => this.place(this.topology.models.get(request.model), request, since, now),
    });
    this.rebalancing = new Rebalancer({
      clock: deps.clock,
      topology: () => this.topology,
      rearrange: () => this.build(this.config),
      changed: replica => this.serveQueueOf(replica),
      told: news => deps.rebalanced?.(news),
    });
    this.rebalancing.configure(config);
  }

  news(): PoolNews {
    const { replicas } = this.topology;
    this.hearsay.expire(replicas, this.clock.now());
    const told = [...replicas.values()].filter(({ own, breaker }) => own.inFlight > 0 || breaker.foundOpen);
    return {
      replicas: told.map(({ id, own, breaker }) => ({ replica: id, ...own, open: breaker.foundOpen })),
      ...this.outbox.take(),
    };
  }

  hear(from: string, news: PoolNews): void {
    const { replicas } = this.topology;
    this.hearsay.hear(from, news, replicas, this.clock.now());
    for (const id of news.forgotten) {
      const replica = replicas.get(id);
      if (replica !== undefined) this.placerOf(replica)?.forget(id);
    }
    for (const { replica: id, ...prompt } of news.prompts) {
      const replica = replicas.get(id);
      const rest = { promptTokens: 0, outputTokens: 0, constraints: {}, exclude: [] };
      if (replica !== undefined) this.placerOf(replica)?.committed({ ...rest, ...prompt }, id);
    }
  }

  answered(request: PlacementRequest, replica: Replica, usage: Usage | undefined): void {
    this.rebalancing.answered(request, replica, usage);
    const pool = this.topology.pools.get(replica.pool);
    const keeps = pool?.entry.retention;
    if (keeps !== undefined) pool!.memory.retention.answered(request, keeps, this.clock.now());
  }

  get sharing() {
    return { heard: this.hearsay.heard, leftOut: this.outbox.leftOut };
  }

  sent(request: PlacementRequest, replica: string): void {
    this.outbox.sent(request, replica);
  }

  acquire(request: PlacementRequest, settle: (result: Lease | WeirError) => void): Cancel {
    const now = this.clock.now();
    this.rebalancing.asked(request);
    let model = this.topology.models.get(request.model);
    if (model !== undefined && model.waiting > 0) {
      for (const pool of model.pools) this.waiting.serve(pool);
      model = this.topology.models.get(request.model);
    }
    const { tenant } = factsOf(request);
    for (const pool of model?.pools ?? []) pool.memory.tenants.asked(tenant, now);
    const turnedAway = model === undefined ? undefined : this.shed(model, request);
    const result = turnedAway ?? this.place(model, request, now, now);
    if (result !== undefined) {
      settle(result);
      return NOTHING;
    }
    return this.waiting.wait(model!, request, settle, now);
  }

  quote(model: string, profile: WorkloadProfile, constraints?: PlacementConstraints): Quote {
    return quote(this.topology, model, profile, constraints, this.clock.now(), this.deps.energy);
  }

  borderline(model: string, tokens: Tokens, constraints?: PlacementConstraints): Tokens | undefined {
    return borderlineOf(this.topology.models.get(model)?.tiers ?? [], tokens, constraints);
  }

  read(name: string): number | undefined {
    return measure(this.topology, name, this.clock.now());
  }

  replicas(): readonly ReplicaStatus[] {
    const all: ReplicaStatus[] = [];
    for (const replica of this.topology.replicas.values()) all.push(replica.status());
    for (const replica of this.draining) all.push(replica.status());
    return all;
  }

  snapshot(): PoolSnapshot {
    return snapshotOf(this.topology, this.replicas(), this.clock.now());
  }

  probes(): readonly Probe[] {
    const probes: Probe[] = [];
    for (const pool of this.topology.pools.values()) {
      for (const { id, target } of pool.replicas) {
        const settings = probeSettings(pool.entry, target.url);
        if (settings === undefined) continue;
        const { interval: intervalMs, timeout: timeoutMs, path } = settings;
        probes.push({ id, pool: pool.name, url: `${target.url}${path}`, intervalMs, timeoutMs });
      }
    }
    return probes;
  }

  probed(id: string, ok: boolean, latencyMs: Milliseconds): void {
    const replica = this.topology.replicas.get(id);
    if (replica === undefined) return;
    const before = replica.unavailable;
    if (replica.probed(ok, latencyMs)) this.lostCache(replica);
    if (replica.unavailable !== before) this.serveQueueOf(replica);
  }

  observed(id: string, facts: EngineFacts): void {
    const replica = this.topology.replicas.get(id);
    if (replica?.observed(facts) === true) this.lostCache(replica);
  }

  eventSources(): readonly EventSource[] {
    return [...this.topology.pools.values()].flatMap(pool => eventSources(pool));
  }

  blocks(id: string): BlockLedger | undefined {
    const replica = this.topology.replicas.get(id);
    return replica === undefined ? undefined : this.placerOf(replica)?.blocks;
  }

  wantsTokens(name: string): boolean {
    for (const { placer, replicas } of this.topology.models.get(name)?.tiers ?? []) {
      const { blocks } = placer;
      if (blocks === undefined || blocks.silent) continue;
      let open = 0;
      let known = false;
      for (const replica of replicas) {
        if (replica.unavailable !== undefined) continue;
        open += 1;
        known ||= blocks.hears(replica.id);
        if (known && open > 1) return true;
      }
    }
    return false;
  }

  drain(id: string, out: boolean): boolean {
    const replica = this.topology.replicas.get(id);
    if (replica === undefined) return false;
    replica.drained = out;
    this.serveQueueOf(replica);
    return true;
  }

  reconfigure(config: PoolConfig): void {
    this.build(config);
    this.config = config;
    if (this.rebalancing.configure(config)) this.build(config);
  }

  /** Builds a configuration as its pools are arranged now. */
  private build(config: PoolConfig): void {
    const old = this.topology;
    this.topology = buildTopology(arranged(config, this.rebalancing), old, this.deps);
    for (const replica of old.replicas.values()) {
      if (this.topology.replicas.get(replica.id) === replica) continue;
      replica.draining = true;
      if (replica.own.inFlight > 0) this.draining.add(replica);
    }
    this.waiting.regroup(old.pools.values());
  }

  memoryOf(pool: string): PoolMemory | undefined {
    return this.topology.pools.get(pool)?.memory;
  }

  released(replica: Replica, tenant: string, heldMs: Milliseconds): void {
    if (replica.draining) {
      if (replica.own.inFlight === 0) this.draining.delete(replica);
      return;
    }
    const pool = this.topology.pools.get(replica.pool);
    if (pool === undefined) return;
    pool.memory.tenants.gave(tenant);
    pool.memory.holdMs.observe(heldMs);
    const { ejection } = pool.entry;
    if (ejection !== false) {
      const now = this.clock.now();
      if (judge(replica, pool.replicas, ejection, now) !== undefined) {
        replica.ejection.eject(ejection, now);
        replica.acquit();
      }
    }
    this.waiting.serve(pool);
    this.rebalancing.released(replica);
  }

  /** Whether a request that may be shed is, by lot: the fuller its pools, the likelier. */
  private shed(model: ServedModel, request: PlacementRequest): WeirError | undefined {
    if (request.flow?.priority !== 'low') return undefined;
    let chance = 1;
    for (const pool of model.pools) {
      const { shed: range } = pool.entry.queue;
      chance = Math.min(chance, range === false ? 0 : shedChance(pool.saturation, range));
    }
    if (model.pools.length === 0 || chance <= 0 || this.lots.next() >= chance) return undefined;
    for (const pool of model.pools) pool.memory.counts.shed += 1;
    return shed(model.name, model.pools, request.flow);
  }

  /**
   * A place for a request, if there is one now: in the tightest tier that fits, has room and does not spill over, else in the tightest
   * that has room. `undefined` means that it would have to wait, an error that waiting would not help.
   */
  private place(
    model: ServedModel | undefined,
    request: PlacementRequest,
    since: Milliseconds,
    now: Milliseconds,
  ): Lease | WeirError | undefined {
    if (model === undefined) return whyNowhere(request.model, undefined, request, now);
    const { energy } = request.constraints;
    if (energy !== undefined && request.dear === undefined) {
      const usable = [...this.topology.replicas.values()].filter(
        replica =>
          model.pools.some(({ name }) => name === replica.pool) &&
          replica.unavailable === undefined &&
          mayUse(request, replica),
      );
      return this.place(model, new ThriftyRequest(request, tooDear(energy, request, usable)), since, now);
    }
    let someAvailable = false;
    let tightest: Tier | undefined;
    let open: Tier | undefined;
    for (const tier of model.tiers) {
      if (request.promptTokens + request.outputTokens > tier.contextTokens) continue;
      tightest ??= tier;
      // Where there is one tier, there is nothing to spill to and nothing to count.
      const spills = model.tiers.length > 1 && spillsOver(tier);
      for (const replica of tier.replicas) {
        if (replica.unavailable !== undefined || !mayUse(request, replica)) continue;
        someAvailable = true;
        if (!this.hasPlace(replica, request, now)) continue;
        if (!spills) return this.placeBeyond(tightest, tier, request, since, now);
        open ??= tier;
        break;
      }
    }
    if (open !== undefined) return this.placeBeyond(tightest!, open, request, since, now);
    if (someAvailable) return undefined;
    return this.lastResort(model, request, since, now) ?? whyNowhere(model.name, model, request, now);
  }

  private placeBeyond(
    tightest: Tier,
    tier: Tier,
    request: PlacementRequest,
    since: Milliseconds,
    now: Milliseconds,
  ): Lease {
    const lease = this.placeIn(tier, request, since, now);
    if (tier !== tightest) this.topology.pools.get(lease.placement.pool)!.memory.counts.spilled += 1;
    return lease;
  }

  private placeIn(tier: Tier, request: PlacementRequest, since: Milliseconds, now: Milliseconds): Lease {
    let choice = tier.placer.choose(request, tier.replicas);
    let replica = this.usable(choice, request, now);
    if (choice === undefined || replica === undefined) {
      // The placer saw replicas that this request may not use: it chooses again among those it may.
      const open = tier.replicas.filter(
        candidate =>
          candidate.unavailable === undefined && mayUse(request, candidate) && this.hasPlace(candidate, request, now),
      );
      choice = tier.placer.choose(request, open);
      replica = this.usable(choice, request, now) ?? open[0]!;
      if (choice?.replica !== replica) choice = unscored(replica, open.length);
    }
    return this.grant(replica, choice, tier, request, since, now);
  }

  /** Whether a replica has a place that the request's tenant may take. */
  private hasPlace(replica: Replica, request: PlacementRequest, now: Milliseconds): boolean {
    if (replica.inFlight >= replica.limit) return false;
    return this.topology.pools.get(replica.pool)?.mustWait(factsOf(request).tenant, now) !== true;
  }

  private usable(choice: Choice | undefined, request: PlacementRequest, now: Milliseconds): Replica | undefined {
    if (choice === undefined) return undefined;
    // Placers are handed live replicas and hand one of them back.
    const { replica } = choice;
    return replica instanceof Replica &&
      replica.unavailable === undefined &&
      mayUse(request, replica) &&
      this.hasPlace(replica, request, now)
      ? replica
      : undefined;
  }

  /**
   * With every replica out, softer verdicts give way: ejections are lifted, and a replica that probes call dead gets one trial
   * whenever its circuit is half-open, so that recovery depends on no probe.
   */
  private lastResort(
    model: ServedModel,
    request: PlacementRequest,
    since: Milliseconds,
    now: Milliseconds,
  ): Lease | undefined {
    for (const tier of model.tiers) {
      if (request.promptTokens + request.outputTokens > tier.contextTokens) continue;
      let rested: Replica | undefined;
      let dead: Replica | undefined;
      for (const replica of tier.replicas) {
        if (!mayUse(request, replica) || replica.inFlight >= replica.limit) continue;
        if (replica.whyOut(now) === 'ejected') {
          replica.ejection.lift(now);
          rested ??= replica;
        } else if (dead === undefined && replica.allowsLastResort(now)) dead = replica;
      }
      if (rested !== undefined) return this.placeIn(tier, request, since, now);
      if (dead !== undefined) return this.grant(dead, unscored(dead, tier.replicas.length), tier, request, since, now);
    }
    return undefined;
  }

  private grant(
    replica: Replica,
    choice: Choice,
    tier: Tier,
    request: PlacementRequest,
    since: Milliseconds,
    now: Milliseconds,
  ): Lease {
    const parts = tier.placer.partsOf?.(choice);
    const pool = this.topology.pools.get(replica.pool);
    const fill = this.topology.pools.get(pool?.entry.prefill?.pool ?? '');
    const prefill =
      pool === undefined || fill === undefined
        ? undefined
        : placePrefill(request, replica, choice.expectedPrefixTokens, pool, fill);
    const { prefixTiers: tiers } = choice;
    const keeps = pool?.entry.retention;
    const retention =
      keeps && pool?.memory.retention.directive(request, replica, keeps, pool.memory.holdMs.value ?? 0, now);
    const placement = {
      pool: replica.pool,
      replica: replica.id,
      expectedPrefixTokens: choice.expectedPrefixTokens,
      ...(choice.prefixSource === undefined ? undefined : { prefixSource: choice.prefixSource }),
      ...(tiers === undefined
        ? undefined
        : { prefixTiers: pricedTiers(tiers, request.promptTokens, choice.expectedPrefixTokens, replica.hardware) }),
      score: choice.score,
      losers: choice.losers,
      ...(parts === undefined ? undefined : { parts }),
      ...(choice.prefixLeftOut === undefined ? undefined : { prefixLeftOut: choice.prefixLeftOut }),
      considered: choice.considered,
      queuedMs: now - since,
      ...(prefill === undefined ? undefined : { prefill: prefill.placement }),
      ...(retention === undefined ? undefined : { retention }),
    };
    if (pool !== undefined) {
      pool.memory.counts.granted += 1;
      pool.memory.tenants.took(factsOf(request).tenant);
    }
    const first = prefill?.chosen === undefined ? undefined : this.prefillLease(prefill.chosen, fill!, now);
    return new HeldLease(this, replica, tier.placer, request, placement, now, first);
  }

  private prefillLease(
    { replica, choice, request }: NonNullable<PrefillPlace['chosen']>,
    { name, placer, memory }: ServedPool,
    now: Milliseconds,
  ): Lease {
    const { expectedPrefixTokens, score, losers, considered } = choice;
    const placement = {
      ...{ pool: name, replica: replica.id, expectedPrefixTokens, score, losers, considered, queuedMs: 0 },
    };
    memory.counts.granted += 1;
    memory.tenants.took(factsOf(request).tenant);
    return new HeldLease(this, replica, placer, request, placement, now);
  }

  private lostCache(replica: Replica): void {
    this.placerOf(replica)?.forget(replica.id);
    this.outbox.forgot(replica.id);
  }

  private serveQueueOf(replica: Replica): void {
    const pool = this.topology.pools.get(replica.pool);
    if (pool !== undefined) this.waiting.serve(pool);
  }

  private placerOf(replica: Replica) {
    return this.topology.pools.get(replica.pool)?.placer;
  }
}

/** Whether all its pools do. Each is looked at: a mark that is passed unseen is passed all the same. */
function spillsOver({ pools }: Tier): boolean {
  let all = true;
  for (const pool of pools) all = pool.spills() && all;
  return all;
}

function unscored(replica: ReplicaView, considered: number): Choice {
  return { replica, score: 0, expectedPrefixTokens: 0, losers: [], considered };
}
