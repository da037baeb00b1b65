import type { Milliseconds } from '#contract/units.js';
import type { AutoscaleSettings } from '#fleet/schema.js';
import { Autoscaler } from './autoscaler.js';
import type { SimulatedReplica } from './simulated-replica.js';
import type { VirtualClock } from './virtual-clock.js';

/** A pool whose size can be changed. */
export interface Scalable {
  readonly replicas: readonly SimulatedReplica[];
  /** Requests on its replicas and waiting for it. */
  readonly demand: number;
  /** So many replicas are being started: paid for, and not there yet. */
  starts(count: number): void;
  join(): void;
  leave(replicas: readonly SimulatedReplica[]): void;
}

/** An autoscaler at work on a pool in virtual time. */
export class PoolScaling {
  private readonly scaler: Autoscaler;
  /** Cancelled by being taken out. */
  private readonly starting = new Set<object>();
  private busyMs: Milliseconds = 0;
  private upMs: Milliseconds = 0;

  constructor(
    private readonly pool: Scalable,
    private readonly settings: AutoscaleSettings,
    private readonly clock: VirtualClock,
  ) {
    this.scaler = new Autoscaler(settings);
    this.wait();
  }

  private wait(): void {
    this.clock.after(this.settings.interval, () => {
      this.look();
      this.wait();
    });
  }

  private look(): void {
    const { pool, starting } = this;
    const serving = pool.replicas.length;
    const total = serving + starting.size;
    const wanted = this.scaler.decide(this.clock.now(), total, serving, this.measure());
    for (let i = total; i < wanted; i++) this.start();
    let surplus = total - wanted;
    // Those that are not there yet are missed least, then those with least on them.
    for (const ticket of starting) if (surplus > 0 && starting.delete(ticket)) surplus--;
    pool.starts(starting.size);
    if (surplus <= 0) return;
    pool.leave([...pool.replicas].sort((a, b) => a.inFlight - b.inFlight).slice(0, surplus));
  }

  private start(): void {
    const ticket = {};
    this.starting.add(ticket);
    this.clock.after(this.settings.start, () => {
      if (!this.starting.delete(ticket)) return;
      this.pool.starts(this.starting.size);
      this.pool.join();
    });
  }

  private measure(): number {
    const { replicas, demand } = this.pool;
    const { metric } = this.settings;
    const count = Math.max(1, replicas.length);
    if (metric === 'requests') return demand / count;
    if (metric === 'kv') return replicas.reduce((sum, { kvShare }) => sum + kvShare, 0) / count;
    const [busyBefore, upBefore] = [this.busyMs, this.upMs];
    this.busyMs = 0;
    this.upMs = 0;
    for (const replica of replicas) {
      const { busyMs, upMs } = replica.figures(this.clock.now());
      this.busyMs += busyMs;
      this.upMs += upMs;
    }
    const up = this.upMs - upBefore;
    return up > 0 ? Math.min(1, Math.max(0, (this.busyMs - busyBefore) / up)) : 0;
  }
}
