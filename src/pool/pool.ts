// Long because: what the composition tells and asks of the pool is much, and all of it meets one state; what is done about it stands in the folders below.
import type { Cancel, Clock } from '#contract/clock.js';
import type { WeirError } from '#contract/errors.js';
import type { Usage } from '#contract/outcome.js';
import type { Placement, PlacementRequest } from '#contract/placement.js';
import type { Quote } from '#contract/pool-view.js';
import type { WorkloadProfile } from '#contract/profile.js';
import type { Random } from '#contract/random.js';
import type { PlacementConstraints } from '#contract/route.js';
import type { Milliseconds, Tokens } from '#contract/units.js';
import { quote } from './estimation/quote.js';
import { factsOf } from './flow/facts.js';
import type { GrantHost } from './flow/grant.js';
import { PlaceSearch } from './flow/place-search.js';
import { shedByLot } from './flow/shedding.js';
import { WaitingRoom } from './flow/waiting-room.js';
import type { Lease, ReplicaStatus } from './lease.js';
import type { LivePool, PoolDeps } from './live-pool.js';
import type { BlockLedger } from './placement/blocks/block-ledger.js';
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
import { type Probe, probesOf } from './topology/probes.js';
import type { EngineFacts, Replica } from './topology/replica.js';
import { EMPTY_TOPOLOGY, type PoolMemory } from './topology/served.js';
import { type PoolSnapshot, snapshotOf } from './topology/snapshot.js';
import { wantsTokens } from './topology/wants-tokens.js';

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

class PoolAtWork implements LivePool, GrantHost {
  readonly clock: Clock;
  /** Everything that is served, as the configuration in force has it. */
  topology = EMPTY_TOPOLOGY;
  /** Replicas that left the configuration with leases still open; each goes with its last lease. */
  private readonly draining = new Set<Replica>();
  private readonly outbox = new Outbox();
  private readonly hearsay = new Hearsay();
  private readonly places = new PlaceSearch(this);
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
      pools: () => this.topology.pools,
      place: (request, since, now) => this.places.place(this.topology.models.get(request.model), request, since, now),
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
    for (const pool of this.topology.pools.values()) this.waiting.serve(pool, true);
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
    const turnedAway = model === undefined ? undefined : shedByLot(model, request, this.lots);
    const result = turnedAway ?? this.places.place(model, request, now, now);
    if (result !== undefined) {
      settle(result);
      return NOTHING;
    }
    return this.waiting.wait(model!, request, settle, now);
  }

  preview(request: PlacementRequest): Placement | undefined {
    const model = this.topology.models.get(request.model);
    return model && this.places.preview(model, request, this.clock.now());
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
    return probesOf(this.topology.pools.values());
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
    return wantsTokens(this.topology.models.get(name)?.tiers ?? []);
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
    this.topology = buildTopology(arranged(config, this.rebalancing), old, this.deps, this.draining);
    for (const replica of this.draining) if (!replica.draining) this.draining.delete(replica);
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

  revived(replica: Replica): void {
    this.serveQueueOf(replica);
  }

  released(replica: Replica, heldMs: Milliseconds | undefined): void {
    if (replica.draining) {
      if (replica.own.inFlight === 0) this.draining.delete(replica);
      // Its tenant has one place less in the pool that it had been in.
      this.serveQueueOf(replica);
      return;
    }
    const pool = this.topology.pools.get(replica.pool);
    if (pool === undefined) return;
    if (heldMs !== undefined) pool.memory.holdMs.observe(heldMs);
    const { ejection } = pool.entry;
    if (ejection !== false) {
      const now = this.clock.now();
      if (judge(replica, pool.replicas, ejection, now) !== undefined) {
        replica.ejection.eject(ejection, now);
        replica.acquit();
      }
    }
    this.waiting.serve(pool, replica.unavailable !== undefined);
    this.rebalancing.released(replica);
  }

  private lostCache(replica: Replica): void {
    this.placerOf(replica)?.forget(replica.id);
    this.outbox.forgot(replica.id);
  }

  private serveQueueOf(replica: Replica): void {
    const pool = this.topology.pools.get(replica.pool);
    if (pool !== undefined) this.waiting.serve(pool, true);
  }

  private placerOf(replica: Replica) {
    return this.topology.pools.get(replica.pool)?.placer;
  }
}
