import type { Milliseconds } from '#contract/units.js';
import type { RequestLengths } from '#fleet/closed-form/length-mix.js';
import type { AutoscaleSettings } from '#fleet/schema.js';
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

/** What says how many replicas a pool should have. */
export interface ScalingRule {
  /**
   * @param total replicas there are, those that are starting included.
   * @param serving those that serve.
   */
  decide(now: Milliseconds, total: number, serving: number): number;
  /** A request has ended that the pool answered, with its lengths, or failed. */
  ended(now: Milliseconds, lengths: RequestLengths | undefined): void;
}

/** An autoscaler at work on a pool in virtual time. */
export class PoolScaling {
  /** Cancelled by being taken out. */
  private readonly starting = new Set<object>();

  constructor(
    private readonly pool: Scalable,
    private readonly rule: ScalingRule,
    private readonly settings: Pick<AutoscaleSettings, 'interval' | 'start'>,
    private readonly clock: VirtualClock,
  ) {
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
    const wanted = this.rule.decide(this.clock.now(), total, serving);
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
}
