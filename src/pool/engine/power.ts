import type { Watts } from '#contract/units.js';
import type { PowerCurve } from './hardware.js';

/**
 * Power of one GPU while it runs a batch of `sequences`, in watts: logistic in log2 of the batch between idle and nominal,
 * P(b) = idle + (nominal − idle) / (1 + e^(−k (log2 b − x0))). With no sequence it draws idle power.
 */
export function powerAt(curve: PowerCurve, sequences: number): Watts {
  if (sequences <= 0) return curve.idle;
  const rise = 1 + Math.exp(-curve.steepness * (Math.log2(Math.max(1, sequences)) - curve.midpoint));
  return curve.idle + (curve.nominal - curve.idle) / rise;
}
