import type { SimulationReport } from '#fleet/simulate/report.js';
import { timeChange, timeText } from '#fleet/time-text.js';

export interface Metric {
  readonly name: string;
  /** What it is called in words, and its unit. */
  readonly words: string;
  readonly unit?: 'ms' | 'share';
  readonly better: 'lower' | 'higher';
  readonly of: (report: SimulationReport) => number;
}

function metric(name: string, words: string, unit: Metric['unit'], better: Metric['better'], of: Metric['of']): Metric {
  return { name, words, ...(unit === undefined ? undefined : { unit }), better, of };
}

/** What two simulations are compared by. Joules and money are of the whole run, so they count for equal work only where as many were answered. */
export const METRICS: readonly Metric[] = [
  metric('usd_per_hour', 'USD an hour', undefined, 'lower', ({ pools }) =>
    Object.values(pools).reduce((sum, pool) => sum + pool.usd_per_hour, 0),
  ),
  metric('ttft_mean_ms', 'TTFT, mean', 'ms', 'lower', ({ ttft_ms: ttft }) => ttft.mean),
  metric('ttft_p99_ms', 'TTFT, P99', 'ms', 'lower', ({ ttft_ms: ttft }) => ttft.p99),
  metric('tpot_mean_ms', 'TPOT, mean', 'ms', 'lower', ({ tpot_ms: tpot }) => tpot.mean),
  metric('tpot_p99_ms', 'TPOT, P99', 'ms', 'lower', ({ tpot_ms: tpot }) => tpot.p99),
  metric('e2e_mean_ms', 'whole answer, mean', 'ms', 'lower', ({ e2e_ms: whole }) => whole.mean),
  metric('e2e_p99_ms', 'whole answer, P99', 'ms', 'lower', ({ e2e_ms: whole }) => whole.p99),
  metric('unanswered_share', 'rejected or failed', 'share', 'lower', ({ requests }) =>
    requests.arrived > 0 ? (requests.rejected + requests.failed) / requests.arrived : 0,
  ),
  metric('tokens_per_joule', 'output tokens a joule', undefined, 'higher', report => report.tokens_per_joule),
  metric('prefix_hit_rate', 'prompt tokens from prefix caches', 'share', 'higher', ({ pools }) => {
    const all = Object.values(pools);
    const answered = all.reduce((sum, { completed }) => sum + completed, 0);
    return answered > 0 ? all.reduce((sum, one) => sum + one.prefix_hit_rate * one.completed, 0) / answered : 0;
  }),
];

/** How a metric is written for people. */
export interface MetricText {
  readonly words: string;
  readonly value: (value: number) => string;
  readonly change: (difference: number) => string;
  /** A mean and how far to either side its interval goes. */
  readonly around: (mean: number, interval: readonly [low: number, high: number]) => string;
  /** Of a mean that is itself never negative. */
  readonly range: (interval: readonly [low: number, high: number]) => string;
}

/** @param name one of {@link METRICS}. */
export function metricText(name: string): MetricText {
  const { words = name, unit } = METRICS.find(one => one.name === name) ?? {};
  const number = (value: number) => `${Number(value.toPrecision(3))}`;
  const share = (value: number) => `${number(100 * value)} %`;
  const value = unit === 'ms' ? timeText : unit === 'share' ? share : number;
  const plus = (difference: number) => `${difference > 0 ? '+' : ''}${value(difference)}`;
  const change = unit === 'ms' ? timeChange : plus;
  const around = (mean: number, [low, high]: readonly [number, number]) =>
    `${value(mean)} ± ${value((high - low) / 2)}`;
  return { words, value, change, around, range: ([low, high]) => `${value(Math.max(0, low))} to ${value(high)}` };
}

/** As {@link Metric.words}, with the unit of its values. */
export function labelOf({ words, unit }: Metric): string {
  return unit === undefined ? words : `${words}, ${unit}`;
}
