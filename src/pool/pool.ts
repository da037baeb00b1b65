import type { Cancel, Clock } from '#contract/clock.js';
import { WeirError } from '#contract/errors.js';
import type { PlacementRequest } from '#contract/placement.js';
import type { Quote } from '#contract/pool-view.js';
import type { WorkloadProfile } from '#contract/profile.js';
import type { Random } from '#contract/random.js';
import type { Milliseconds } from '#contract/units.js';
import type { LatencyEstimator } from './estimation/latency.js';
import { type EnergyEstimate, quote } from './estimation/quote.js';
import { HeldLease, type LeaseHost } from './flow/held-lease.js';
import { mayUse, saturated, whyNowhere } from './flow/refusals.js';
import { Waiter } from './flow/waiter.js';
import type { Lease, Pool, ReplicaStatus } from './lease.js';
import type { Choice, ReplicaView } from './placement/placer.js';
import type { PoolConfig } from './schema.js';
import { buildTopology, type PlacerFactory } from './topology/build.js';
import { measure } from './topology/measures.js';
import { judge } from './topology/outliers.js';
import { type Probe, probeSettings } from './topology/probes.js';
import { type EngineFacts, Replica } from './topology/replica.js';
import { EMPTY_TOPOLOGY, type ServedModel, type ServedPool, type Tier } from './topology/served.js';
import { type PoolSnapshot, snapshotOf } from './topology/snapshot.js';

export interface PoolDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly placer: PlacerFactory;
  /** Energy of a request, where somebody can tell. */
  readonly energy?: EnergyEstimate;
}

/** A pool with what its composition tells it and asks it. */
export interface LivePool extends Pool {
  /** Replicas to be probed, as the configuration in force has it. */
  probes(): readonly Probe[];
  /** A probe of a replica came back. Unknown replicas are ignored: they may have just left. */
  probed(replica: string, ok: boolean, latencyMs: Milliseconds): void;
  /** What a replica's engine says of itself on its own metrics. */
  observed(replica: string, facts: EngineFacts): void;
  /**
   * Changes to another configuration at once. Replicas that stay keep what is known of them; those that go finish their
   * leases; who waits is placed, waits on in the same order under its old time limit, or is refused.
   *
   * @throws WeirError as {@link createPool}; the old configuration stays in force.
   */
  reconfigure(config: PoolConfig): void;
  snapshot(): PoolSnapshot;
  /**
   * Takes a replica out by hand, or puts it back: requests on it finish, and it gets no more. Lasts over changes of the
   * configuration, as long as the replica stays in it, and until the process ends.
   *
   * @returns whether there is such a replica.
   */
  drain(replica: string, out: boolean): boolean;
}

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
  private arrivals = 0;

  constructor(
    config: PoolConfig,
    private readonly deps: PoolDeps,
  ) {
    this.clock = deps.clock;
    this.topology = buildTopology(config, EMPTY_TOPOLOGY, deps);
  }

  acquire(request: PlacementRequest, settle: (result: Lease | WeirError) => void): Cancel {
    const now = this.clock.now();
    let model = this.topology.models.get(request.model);
    if (model !== undefined && model.waiting > 0) {
      for (const pool of model.pools) this.serveQueue(pool);
      model = this.topology.models.get(request.model);
    }
    const result = this.place(model, request, now, now);
    if (result !== undefined) {
      settle(result);
      return NOTHING;
    }
    return this.wait(model!, request, settle, now);
  }

  quote(model: string, profile: WorkloadProfile): Quote {
    return quote(this.topology, model, profile, this.clock.now(), this.deps.energy);
  }

  read(name: string): number | undefined {
    return measure(this.topology, name);
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
    if (replica.probed(ok, latencyMs)) this.placerOf(replica)?.forget(id);
    if (replica.unavailable !== before) this.serveQueueOf(replica);
  }

  observed(id: string, facts: EngineFacts): void {
    const replica = this.topology.replicas.get(id);
    if (replica?.observed(facts) === true) this.placerOf(replica)?.forget(id);
  }

  drain(id: string, out: boolean): boolean {
    const replica = this.topology.replicas.get(id);
    if (replica === undefined) return false;
    replica.drained = out;
    this.serveQueueOf(replica);
    return true;
  }

  reconfigure(config: PoolConfig): void {
    const old = this.topology;
    this.topology = buildTopology(config, old, this.deps);
    for (const replica of old.replicas.values()) {
      if (this.topology.replicas.get(replica.id) === replica) continue;
      replica.draining = true;
      if (replica.inFlight > 0) this.draining.add(replica);
    }
    const waiters = new Set<Waiter>();
    for (const pool of old.pools.values()) {
      for (let node = pool.queue.first; node !== undefined; node = node.next) waiters.add(node.value);
    }
    const inOrder = [...waiters].sort((a, b) => a.number - b.number);
    for (const waiter of inOrder) waiter.leaveQueues();

    const now = this.clock.now();
    const settled: Settled[] = [];
    for (const waiter of inOrder) {
      const model = this.topology.models.get(waiter.request.model);
      const result = this.place(model, waiter.request, waiter.since, now);
      if (result === undefined) waiter.join(model!, this.joinable(model!, waiter.request, now));
      else settled.push(this.settled(waiter, result));
    }
    deliver(settled);
  }

  latencyOf(pool: string): LatencyEstimator | undefined {
    return this.topology.pools.get(pool)?.memory.latency;
  }

  released(replica: Replica, heldMs: Milliseconds): void {
    if (replica.draining) {
      if (replica.inFlight === 0) this.draining.delete(replica);
      return;
    }
    const pool = this.topology.pools.get(replica.pool);
    if (pool === undefined) return;
    pool.memory.holdMs.observe(heldMs);
    const { ejection } = pool.entry;
    if (ejection !== false) {
      const now = this.clock.now();
      if (judge(replica, pool.replicas, ejection, now) !== undefined) {
        replica.ejection.eject(ejection, now);
        replica.acquit();
      }
    }
    this.serveQueue(pool);
  }

  /**
   * A place for a request, if there is one now: in the tightest tier that fits and has room. `undefined` means that it would have
   * to wait, an error that waiting would not help.
   */
  private place(
    model: ServedModel | undefined,
    request: PlacementRequest,
    since: Milliseconds,
    now: Milliseconds,
  ): Lease | WeirError | undefined {
    if (model === undefined) return whyNowhere(request.model, undefined, request, now);
    let someAvailable = false;
    for (const tier of model.tiers) {
      if (request.promptTokens + request.outputTokens > tier.contextTokens) continue;
      for (const replica of tier.replicas) {
        if (replica.unavailable !== undefined || !mayUse(request, replica)) continue;
        someAvailable = true;
        if (replica.inFlight < replica.limit) return this.placeIn(tier, request, since, now);
      }
    }
    if (someAvailable) return undefined;
    return this.lastResort(model, request, since, now) ?? whyNowhere(model.name, model, request, now);
  }

  private placeIn(tier: Tier, request: PlacementRequest, since: Milliseconds, now: Milliseconds): Lease {
    let choice = tier.placer.choose(request, tier.replicas);
    let replica = this.usable(choice, request);
    if (choice === undefined || replica === undefined) {
      // The placer saw replicas that this request may not use: it chooses again among those it may.
      const open = tier.replicas.filter(
        candidate =>
          candidate.unavailable === undefined && candidate.inFlight < candidate.limit && mayUse(request, candidate),
      );
      choice = tier.placer.choose(request, open);
      replica = this.usable(choice, request) ?? open[0]!;
      if (choice?.replica !== replica) choice = unscored(replica, open.length);
    }
    return this.grant(replica, choice, tier, request, since, now);
  }

  private usable(choice: Choice | undefined, request: PlacementRequest): Replica | undefined {
    if (choice === undefined) return undefined;
    // Placers are handed live replicas and hand one of them back.
    const { replica } = choice;
    return replica instanceof Replica &&
      replica.unavailable === undefined &&
      replica.inFlight < replica.limit &&
      mayUse(request, replica)
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
    const placement = {
      pool: replica.pool,
      replica: replica.id,
      expectedPrefixTokens: choice.expectedPrefixTokens,
      score: choice.score,
      losers: choice.losers,
      considered: choice.considered,
      queuedMs: now - since,
    };
    const counts = this.topology.pools.get(replica.pool)?.memory.counts;
    if (counts !== undefined) counts.granted += 1;
    return new HeldLease(this, replica, tier.placer, request, placement, now);
  }

  /** Pools in whose queues a request may stand: those with a replica for it that takes requests. */
  private joinable(model: ServedModel, request: PlacementRequest, now: Milliseconds): ServedPool[] {
    return model.pools.filter(
      pool =>
        request.promptTokens + request.outputTokens <= pool.contextTokens &&
        pool.replicas.some(replica => replica.whyOut(now) === undefined && mayUse(request, replica)),
    );
  }

  private wait(
    model: ServedModel,
    request: PlacementRequest,
    settle: (result: Lease | WeirError) => void,
    now: Milliseconds,
  ): Cancel {
    const candidates = this.joinable(model, request, now);
    const pools = candidates.filter(pool => {
      const { length, timeout } = pool.entry.queue;
      return pool.queue.length < length && (pool.predictedWait() ?? 0) <= timeout;
    });
    if (pools.length === 0) {
      for (const pool of candidates) pool.memory.counts.saturated += 1;
      settle(saturated(model.name, candidates));
      return NOTHING;
    }
    const waiter = new Waiter(request, settle, now, this.arrivals++);
    waiter.join(model, pools);
    const longest = Math.max(...pools.map(pool => pool.entry.queue.timeout));
    waiter.endWith(
      this.clock.after(longest, () => {
        const stoodIn = waiter.pools;
        waiter.stop();
        for (const pool of stoodIn) pool.memory.counts.timedOut += 1;
        settle(saturated(request.model, stoodIn));
      }),
    );
    return () => waiter.cancel();
  }

  private serveQueueOf(replica: Replica): void {
    const pool = this.topology.pools.get(replica.pool);
    if (pool !== undefined) this.serveQueue(pool);
  }

  /** Serves those who wait, first come first, until the pool is full again; refuses those whom nothing can serve any more. */
  private serveQueue(pool: ServedPool): void {
    if (pool.queue.length === 0) return;
    const now = this.clock.now();
    const settled: Settled[] = [];
    let node = pool.queue.first;
    while (node !== undefined && !pool.full) {
      const { value: waiter, next } = node;
      const model = this.topology.models.get(waiter.request.model);
      const result = this.place(model, waiter.request, waiter.since, now);
      if (result !== undefined) settled.push(this.settled(waiter, result));
      node = next;
    }
    deliver(settled);
  }

  private settled(waiter: Waiter, result: Lease | WeirError): Settled {
    waiter.stop();
    if (!(result instanceof WeirError)) {
      const counts = this.topology.pools.get(result.placement.pool)?.memory.counts;
      if (counts !== undefined) counts.waited += 1;
    }
    return { waiter, result };
  }

  private placerOf(replica: Replica) {
    return this.topology.pools.get(replica.pool)?.placer;
  }
}

interface Settled {
  readonly waiter: Waiter;
  readonly result: Lease | WeirError;
}

/** Tells those who waited, after all books are right: what they do next may come straight back here. */
function deliver(settled: readonly Settled[]): void {
  for (const { waiter, result } of settled) {
    if (!waiter.cancelled) waiter.settle(result);
    else if (!(result instanceof WeirError)) result.release({ status: 'cancelled', replicaFault: false });
  }
}

function unscored(replica: ReplicaView, considered: number): Choice {
  return { replica, score: 0, expectedPrefixTokens: 0, losers: [], considered };
}
