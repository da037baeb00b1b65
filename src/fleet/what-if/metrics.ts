import type { SimulationReport } from '#fleet/simulate/report.js';

export interface Metric {
  readonly name: string;
  /** What it is called in words, with its unit. */
  readonly label: string;
  readonly better: 'lower' | 'higher';
  readonly of: (report: SimulationReport) => number;
}

function metric(name: string, label: string, better: Metric['better'], of: Metric['of']): Metric {
  return { name, label, better, of };
}

/** What two simulations are compared by. Joules and money are of the whole run, so they count for equal work only where as many were answered. */
export const METRICS: readonly Metric[] = [
  metric('usd_per_hour', 'USD an hour', 'lower', ({ pools }) =>
    Object.values(pools).reduce((sum, pool) => sum + pool.usd_per_hour, 0),
  ),
  metric('ttft_mean_ms', 'TTFT, mean, ms', 'lower', ({ ttft_ms: ttft }) => ttft.mean),
  metric('ttft_p99_ms', 'TTFT, P99, ms', 'lower', ({ ttft_ms: ttft }) => ttft.p99),
  metric('tpot_mean_ms', 'TPOT, mean, ms', 'lower', ({ tpot_ms: tpot }) => tpot.mean),
  metric('tpot_p99_ms', 'TPOT, P99, ms', 'lower', ({ tpot_ms: tpot }) => tpot.p99),
  metric('e2e_mean_ms', 'whole answer, mean, ms', 'lower', ({ e2e_ms: whole }) => whole.mean),
  metric('e2e_p99_ms', 'whole answer, P99, ms', 'lower', ({ e2e_ms: whole }) => whole.p99),
  metric('unanswered_share', 'rejected or failed, share', 'lower', ({ requests }) =>
    requests.arrived > 0 ? (requests.rejected + requests.failed) / requests.arrived : 0,
  ),
  metric('tokens_per_joule', 'output tokens a joule', 'higher', report => report.tokens_per_joule),
  metric('prefix_hit_rate', 'prompt tokens from prefix caches, share', 'higher', ({ pools }) => {
    const all = Object.values(pools);
    const answered = all.reduce((sum, { completed }) => sum + completed, 0);
    return answered > 0 ? all.reduce((sum, one) => sum + one.prefix_hit_rate * one.completed, 0) / answered : 0;
  }),
];
