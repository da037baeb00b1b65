import type { FlowFacts } from '#contract/flow.js';
import type { Price } from '#contract/pool-view.js';
import type { Milliseconds, Tokens } from '#contract/units.js';
import { LatencyEstimator } from '#pool/estimation/latency.js';
import { FadingMean } from '#pool/estimation/mean.js';
import { PrefillRate } from '#pool/estimation/prefill-rate.js';
import { FairQueue } from '#pool/flow/fair-queue.js';
import { SpillOver } from '#pool/flow/spill-over.js';
import { hasItsShare, TenantPlaces } from '#pool/flow/tenant-places.js';
import type { Waiter } from '#pool/flow/waiter.js';
import { predictedWait } from '#pool/flow/waiting-time.js';
import type { Placer } from '#pool/placement/placer.js';
import { Retention } from '#pool/retention/retention.js';
import type { PoolEntry } from '#pool/schema.js';
import type { Replica } from './replica.js';

/** What became of the requests that asked a pool for a place. */
export interface FlowCounts {
  granted: number;
  /** Of those granted, how many had to wait. */
  waited: number;
  /** Refused at once: queue full or too slow. */
  saturated: number;
  /** Refused after waiting for as long as the queue allows. */
  timedOut: number;
  /** Made to leave the queue by others who had less of it. */
  evicted: number;
  /** Turned away, being of low priority, before places ran out. */
  shed: number;
  /** Of those granted, how many a pool with a shorter window would have taken. */
  spilled: number;
}

/** What outlives a change of configuration of a pool that keeps its name and model. */
export interface PoolMemory {
  readonly latency: LatencyEstimator;
  /** Of those of its replicas that are not found slow. */
  readonly prefill: PrefillRate;
  /** How long a place is held. */
  readonly holdMs: FadingMean;
  readonly retention: Retention;
  readonly counts: FlowCounts;
  readonly tenants: TenantPlaces;
  readonly spill: SpillOver;
}

export function newMemory(): PoolMemory {
  return {
    latency: new LatencyEstimator(),
    prefill: new PrefillRate(),
    holdMs: new FadingMean(0.1),
    retention: new Retention(),
    counts: { granted: 0, waited: 0, saturated: 0, timedOut: 0, evicted: 0, shed: 0, spilled: 0 },
    tenants: new TenantPlaces(),
    spill: new SpillOver(),
  };
}

/** A pool at work: replicas that serve one model alike, and those who wait for them. */
export class ServedPool {
  readonly queue = new FairQueue<Waiter>();
  /** Other pools that serve a model of its own. */
  beside: readonly ServedPool[] = [];

  constructor(
    readonly name: string,
    readonly entry: PoolEntry,
    readonly contextTokens: Tokens,
    readonly replicas: readonly Replica[],
    readonly placer: Placer,
    readonly memory: PoolMemory,
  ) {}

  /** Places on replicas that take requests now, and how many of them are taken. */
  places(): { readonly limit: number; readonly taken: number; readonly available: number } {
    let limit = 0;
    let taken = 0;
    let available = 0;
    for (const replica of this.replicas) {
      if (replica.unavailable !== undefined) continue;
      available += 1;
      limit += replica.ownLimit;
      taken += replica.own.inFlight;
    }
    return { limit, taken, available };
  }

  /** Whether there are replicas that take requests, all at their limit: then nobody who waits can be served. */
  get full(): boolean {
    let available = false;
    for (const replica of this.replicas) {
      if (replica.unavailable !== undefined) continue;
      if (replica.inFlight < replica.limit) return false;
      available = true;
    }
    return available;
  }

  /** Whether a replica that takes requests has a place free. */
  get hasRoom(): boolean {
    return this.replicas.some(({ unavailable, inFlight, limit }) => unavailable === undefined && inFlight < limit);
  }

  /** Whether a tenant has its share of the places while others want some. */
  mustWait(tenant: string, now: Milliseconds): boolean {
    const { tenant_share: share } = this.entry.queue;
    // The places are counted only where it matters: there may be hundreds of replicas.
    if (share >= 1 || !this.memory.tenants.contested(tenant, now)) return false;
    let own = 0;
    let limit = 0;
    for (const replica of this.replicas) {
      if (replica.unavailable !== undefined) continue;
      own += replica.holders.of(tenant);
      limit += replica.ownLimit;
    }
    return hasItsShare(own, share, limit);
  }

  /** When time alone may let somebody in who waits: a replica comes back, or a tenant may have more than its share; `undefined` when it will not. */
  opensAt(now: Milliseconds): Milliseconds | undefined {
    const { tenants } = this.memory;
    let soonest = this.entry.queue.tenant_share < 1 && this.hasRoom ? tenants.forgetsAt(now) : undefined;
    for (const replica of this.replicas) {
      const at = replica.backAt(now);
      if (at !== undefined && (soonest === undefined || at < soonest)) soonest = at;
    }
    return soonest;
  }

  get inFlight(): number {
    let sum = 0;
    for (const replica of this.replicas) sum += replica.own.inFlight;
    return sum;
  }

  /** Whether what fits it goes to pools with a longer window as things are. */
  spills(): boolean {
    return this.memory.spill.look(this.saturation, this.entry.spill);
  }

  /** Expected wait of one more request, of somebody or of anybody; `undefined` while nothing is known. */
  predictedWait(facts?: FlowFacts): Milliseconds | undefined {
    const ahead = facts === undefined ? this.queue.length : this.queue.ahead(facts);
    return predictedWait(ahead, this.places().limit, this.memory.holdMs.value);
  }

  /** Requests on replicas and waiting, over places; 1 when there is no place. */
  get saturation(): number {
    const { taken, limit } = this.places();
    return loadOf(taken, this.queue.length, limit);
  }

  oldestWait(now: Milliseconds): Milliseconds {
    const first = this.queue.oldest;
    return first === undefined ? 0 : now - first.value.since;
  }
}

/**
 * Pools of one model with the same context window and the same kind of placement: their replicas are peers, and one placer
 * chooses among all of them.
 */
export interface Tier {
  readonly contextTokens: Tokens;
  readonly pools: readonly ServedPool[];
  readonly replicas: readonly Replica[];
  readonly placer: Placer;
}

/** A model and where it is served. */
export interface ServedModel {
  readonly name: string;
  readonly price: Price;
  readonly pools: readonly ServedPool[];
  /** Shortest context window first: a request takes the tightest that fits, and a wider one only when that is full. */
  readonly tiers: readonly Tier[];
  /** Requests that wait for this model, each counted once however many queues it stands in. */
  waiting: number;
}

/** Everything that is served, as one configuration has it. */
export interface Topology {
  readonly models: ReadonlyMap<string, ServedModel>;
  readonly pools: ReadonlyMap<string, ServedPool>;
  readonly replicas: ReadonlyMap<string, Replica>;
  /** By model and kind of placement. */
  readonly placers: ReadonlyMap<string, Placer>;
}

export const EMPTY_TOPOLOGY: Topology = {
  models: new Map(),
  pools: new Map(),
  replicas: new Map(),
  placers: new Map(),
};

/** Load of places: in flight and waiting over places; 1 when there is no place at all. */
export function loadOf(taken: number, waiting: number, limit: number): number {
  return limit === 0 ? 1 : (taken + waiting) / limit;
}

/** Load of a model over those of its pools that could take `need` tokens, and may by `only`, where that is said. */
export function modelLoad(model: ServedModel, need: Tokens, only?: readonly string[]): number {
  let taken = 0;
  let limit = 0;
  for (const pool of model.pools) {
    if (need > pool.contextTokens || only?.includes(pool.name) === false) continue;
    const places = pool.places();
    taken += places.taken;
    limit += places.limit;
  }
  return loadOf(taken, model.waiting, limit);
}
