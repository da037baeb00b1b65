import type { Milliseconds } from '#contract/units.js';
import type { AutoscaleSettings } from '#fleet/schema.js';
import { Autoscaler } from './autoscaler.js';
import type { Scalable, ScalingRule } from './pool-scaling.js';

/** Replicas that hold a metric of the pool at its target: {@link Autoscaler}. */
export class TargetRule implements ScalingRule {
  private readonly scaler: Autoscaler;
  private busyMs: Milliseconds = 0;
  private upMs: Milliseconds = 0;

  /** @param target of the settings' metric. */
  constructor(
    private readonly pool: Scalable,
    private readonly settings: AutoscaleSettings,
    target: number,
  ) {
    this.scaler = new Autoscaler({ ...settings, target });
  }

  decide(now: Milliseconds, total: number, serving: number): number {
    return this.scaler.decide(now, total, serving, this.measure(now));
  }

  ended(): void {}

  private measure(now: Milliseconds): number {
    const { replicas, demand } = this.pool;
    const { metric = 'requests' } = this.settings;
    const count = Math.max(1, replicas.length);
    if (metric === 'requests') return demand / count;
    if (metric === 'kv') return replicas.reduce((sum, { kvShare }) => sum + kvShare, 0) / count;
    const [busyBefore, upBefore] = [this.busyMs, this.upMs];
    this.busyMs = 0;
    this.upMs = 0;
    for (const replica of replicas) {
      const { busyMs, upMs } = replica.figures(now);
      this.busyMs += busyMs;
      this.upMs += upMs;
    }
    const up = this.upMs - upBefore;
    return up > 0 ? Math.min(1, Math.max(0, (this.busyMs - busyBefore) / up)) : 0;
  }
}
