import type { Joules, Milliseconds, Watts } from '#contract/units.js';
import type { LivePool } from '#pool/pool.js';
import type { SimulatedPool } from './simulated-pool.js';
import type { VirtualClock } from './virtual-clock.js';

/** A pool at one moment of virtual time. */
export interface PoolMoment {
  /** Replicas that may be given requests, and those of them that are up. */
  readonly replicas: number;
  readonly up: number;
  readonly inFlight: number;
  readonly queued: number;
  /** Share of KV blocks that running sequences hold, mean over replicas. */
  readonly kvShare: number;
  /** Mean since the moment before. */
  readonly watts: Watts;
}

export interface FleetMoment {
  readonly atMs: Milliseconds;
  readonly pools: Readonly<Record<string, PoolMoment>>;
}

export interface FleetWatcher {
  /** Virtual time between two moments. */
  readonly everyMs: Milliseconds;
  readonly see: (moment: FleetMoment) => void;
}

/** Looks at the fleet in regular intervals; looking changes nothing. */
export class FleetMoments {
  private readonly joules = new Map<string, Joules>();

  constructor(
    private readonly clock: VirtualClock,
    private readonly pool: LivePool,
    private readonly pools: ReadonlyMap<string, SimulatedPool>,
    private readonly watcher: FleetWatcher,
  ) {
    this.wait();
  }

  private wait(): void {
    this.clock.quietlyAt(this.clock.now() + this.watcher.everyMs, () => {
      const pools = Object.fromEntries([...this.pools.values()].map(pool => [pool.name, this.momentOf(pool)]));
      this.watcher.see({ atMs: this.clock.now(), pools });
      this.wait();
    });
  }

  private momentOf(pool: SimulatedPool): PoolMoment {
    const { name, replicas } = pool;
    const { joules } = pool.figures(this.clock.now());
    const before = this.joules.get(name) ?? 0;
    this.joules.set(name, joules);
    return {
      replicas: replicas.length,
      up: replicas.filter(({ up }) => up).length,
      inFlight: this.pool.read(`${name}.in_flight`) ?? 0,
      queued: this.pool.read(`${name}.queued`) ?? 0,
      kvShare: replicas.reduce((sum, { kvShare }) => sum + kvShare, 0) / Math.max(1, replicas.length),
      watts: (1000 * (joules - before)) / this.watcher.everyMs,
    };
  }
}
