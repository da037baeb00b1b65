import type { Milliseconds } from '#contract/units.js';
import type { AutoscaleSettings } from '#fleet/schema.js';

export type TargetSettings = Pick<AutoscaleSettings, 'min' | 'max' | 'cool_down'> & { readonly target: number };

/** Within this of the target nothing is changed: Kubernetes' `horizontal-pod-autoscaler-tolerance`. */
const TOLERANCE = 0.1;

/**
 * How many replicas a pool should have, by the rule of Kubernetes' horizontal autoscaler: ⌈replicas · metric / target⌉, at once when that
 * is more, and when it is fewer only down to the most that was wanted within the cool-down. Pure but for what it remembers of that.
 */
export class Autoscaler {
  private readonly wanted: { readonly at: Milliseconds; readonly count: number }[] = [];

  constructor(private readonly settings: TargetSettings) {}

  /**
   * @param total replicas there are, those that are starting included.
   * @param serving those that are measured.
   * @param value mean of the metric over those.
   */
  decide(now: Milliseconds, total: number, serving: number, value: number): number {
    const { target, min, max, cool_down } = this.settings;
    const ratio = value / target;
    const near = Math.abs(ratio - 1) <= TOLERANCE;
    const count = near ? total : Math.ceil(serving * ratio - 1e-9);
    const bounded = Math.min(max, Math.max(min, count));
    this.wanted.push({ at: now, count: bounded });
    while (this.wanted[0]!.at < now - cool_down) this.wanted.shift();
    if (bounded >= total) return bounded;
    const most = this.wanted.reduce((highest, one) => Math.max(highest, one.count), bounded);
    return Math.min(total, most);
  }
}
