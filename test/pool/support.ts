import type { WeirError } from '#contract/errors.js';
import { isWeirError } from '#contract/errors.js';
import type { PlacementRequest } from '#contract/placement.js';
import type { WorkloadProfile } from '#contract/profile.js';
import { seededRandom } from '#contract/random.js';
import type { Lease } from '#pool/lease.js';
import type { Choice, Placer, ReplicaView } from '#pool/placement/placer.js';
import { createPool, type LivePool, type PoolDeps } from '#pool/pool.js';
import { type PoolConfig, poolSchema } from '#pool/schema.js';
import { VirtualClock } from '../support/virtual-clock.js';

/** A placer that takes the least loaded of what it is given, the first of equals, and remembers what it was told. */
export class PlainPlacer implements Placer {
  readonly name = 'plain';
  readonly commits: string[] = [];
  readonly forgotten: string[] = [];
  hit = 0;

  choose(_request: PlacementRequest, replicas: readonly ReplicaView[]): Choice | undefined {
    let best: ReplicaView | undefined;
    for (const replica of replicas) {
      if (replica.unavailable !== undefined || replica.inFlight >= replica.limit) continue;
      if (best === undefined || replica.inFlight < best.inFlight) best = replica;
    }
    if (best === undefined) return undefined;
    return { replica: best, score: 1, expectedPrefixTokens: this.hit, losers: [], considered: replicas.length };
  }

  committed(_request: PlacementRequest, replica: string): void {
    this.commits.push(replica);
  }

  forget(replica: string): void {
    this.forgotten.push(replica);
  }
}

export interface Bench {
  readonly pool: LivePool;
  readonly clock: VirtualClock;
  readonly placers: readonly PlainPlacer[];
}

export function parsed(config: unknown): PoolConfig {
  return poolSchema.parse(config);
}

/** A `pool:` block with one model, `m`, and one pool, `p`, of so many replicas, `p/a` and on. */
export function plain(replicas: number, more: Record<string, unknown> = {}, model: Record<string, unknown> = {}) {
  return {
    models: { m: { context: 8192, ...model } },
    pools: { p: { model: 'm', replicas: addresses(replicas), ...more } },
  };
}

export function addresses(count: number, host = '10.0.0.1') {
  return Array.from({ length: count }, (_, i) => ({ url: `http://${host}:${8000 + i}`, id: 'abcdefghij'[i] }));
}

export function bench(config: unknown, more: Partial<PoolDeps> = {}): Bench {
  const clock = new VirtualClock(1000);
  const placers: PlainPlacer[] = [];
  const placer = () => {
    const made = new PlainPlacer();
    placers.push(made);
    return made;
  };
  return { clock, placers, pool: createPool(parsed(config), { clock, random: seededRandom(7), placer, ...more }) };
}

export function request(more: Partial<PlacementRequest> = {}): PlacementRequest {
  return {
    model: 'm',
    promptTokens: 100,
    outputTokens: 50,
    prefix: { hashes: [], blockTokens: 16 },
    session: 's',
    constraints: {},
    exclude: [],
    ...more,
  };
}

export function profile(promptTokens = 100, outputTokens = 50): WorkloadProfile {
  return {
    archetype: 'chat',
    turn: 1,
    warmth: 'cold',
    heaviness: 'balanced',
    modality: 'text',
    session: 's',
    application: '',
    promptTokens: () => promptTokens,
    outputTokens: { p50: outputTokens, p75: outputTokens },
    prefix: () => ({ hashes: [], blockTokens: 16 }),
  };
}

/** Asks for a place and keeps what came of it. */
export function ask(pool: LivePool, more: Partial<PlacementRequest> = {}) {
  const asked = {
    results: [] as (Lease | WeirError)[],
    cancel: () => {},
    get lease(): Lease {
      const result = this.results[0];
      if (result === undefined || isWeirError(result)) throw new Error(`no lease: ${String(result)}`);
      return result;
    },
    get error(): WeirError {
      const result = this.results[0];
      if (!isWeirError(result)) throw new Error('no error');
      return result;
    },
  };
  asked.cancel = pool.acquire(request(more), result => asked.results.push(result));
  return asked;
}

export const ANSWERED = { status: 'answered', replicaFault: false } as const;
export const FAULT = { status: 'failed', replicaFault: true } as const;
export const REFUSED = { status: 'failed', replicaFault: false } as const;
export const CANCELLED = { status: 'cancelled', replicaFault: false } as const;

export function statusOf(pool: LivePool, id: string) {
  const status = pool.replicas().find(replica => replica.id === id);
  if (status === undefined) throw new Error(`no replica ${id}`);
  return status;
}
