import type { Milliseconds, Usd, Watts } from '#contract/units.js';
import type { ReplicaStatus } from '#pool/lease.js';
import { describePlacement } from '#pool/placement/schema.js';
import { wattsOf } from './hardware.js';
import type { FlowCounts, ServedPool, Topology } from './served.js';

/** A pool as people see it: the page, `/api/pools`, metrics. */
export interface PoolStatus {
  readonly name: string;
  readonly model: string;
  readonly contextTokens: number;
  readonly placement: string;
  readonly inFlight: number;
  /** Places on replicas that take requests now. */
  readonly limit: number;
  /** Replicas that take requests now. */
  readonly available: number;
  readonly queued: number;
  readonly queueLength: number;
  /** How long the first in line has waited. */
  readonly oldestWaitMs: Milliseconds;
  /** What one more would have to wait; `undefined` while nothing is known. */
  readonly predictedWaitMs: Milliseconds | undefined;
  /** How long a place is held on average. */
  readonly holdMs: Milliseconds | undefined;
  readonly tpotMs: Milliseconds | undefined;
  /** GPUs of all its replicas, what they cost, and what those of known power draw now. */
  readonly gpus: number;
  readonly usdPerHour: Usd;
  readonly watts: Watts;
  /** What fits it goes to pools with a longer window, and how often that began since start. */
  readonly spilling: boolean;
  readonly spells: number;
  /** Since start. */
  readonly counts: Readonly<FlowCounts>;
}

export interface PoolSnapshot {
  readonly pools: readonly PoolStatus[];
  readonly replicas: readonly ReplicaStatus[];
}

/** The state of everything that is served, as plain data. */
export function snapshotOf(topology: Topology, replicas: readonly ReplicaStatus[], now: Milliseconds): PoolSnapshot {
  const pools: PoolStatus[] = [];
  for (const pool of topology.pools.values()) {
    const { limit, taken, available } = pool.places();
    const waits = pool.queue.length > 0 || taken >= limit;
    pools.push({
      name: pool.name,
      model: pool.entry.model,
      contextTokens: pool.contextTokens,
      placement: describePlacement(pool.entry.placement),
      inFlight: pool.inFlight,
      limit,
      available,
      queued: pool.queue.length,
      queueLength: pool.entry.queue.length,
      oldestWaitMs: pool.oldestWait(now),
      predictedWaitMs: waits ? pool.predictedWait() : 0,
      holdMs: pool.memory.holdMs.value,
      tpotMs: pool.memory.latency.tpotMs,
      ...hardwareOfAll(pool),
      spilling: pool.memory.spill.spilling,
      spells: pool.memory.spill.spells,
      counts: { ...pool.memory.counts },
    });
  }
  return { pools, replicas };
}

function hardwareOfAll({ replicas }: ServedPool): Pick<PoolStatus, 'gpus' | 'usdPerHour' | 'watts'> {
  let gpus = 0;
  let usdPerHour = 0;
  let watts = 0;
  for (const { hardware, own } of replicas) {
    gpus += hardware.gpus;
    usdPerHour += hardware.usdPerHour ?? 0;
    watts += wattsOf(hardware, own.inFlight) ?? 0;
  }
  return { gpus, usdPerHour, watts };
}
