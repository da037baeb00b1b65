import { duration, score } from '../format.js';

/** Of what unit the values of a metric are; null where its name says it. */
export interface Metric {
  readonly unit: 'ms' | 'share' | null;
}

/** A value of a metric that simulations are told or compared by. */
export function metricValue({ unit }: Metric, value: number): string {
  if (unit === 'ms') return duration(value);
  return unit === 'share' ? `${score(100 * value)} %` : score(value);
}

/** The interval of a mean that is itself never negative. */
export function metricRange(metric: Metric, interval: readonly number[]): string {
  return interval.map(end => metricValue(metric, Math.max(0, end))).join(' to ');
}
