import { columns, percent } from './columns.js';
import type { Estimate, SweepReport } from './sweep-report.js';

const HEAD = ['policy', 'TTFT p50', 'p99 ms', 'range', 'over weir', 'range', 'hit rate', 'load max/mean', 'tokens/J'];

/** The sweep as one table a load, with what was run below. */
export function renderSweep(report: SweepReport): string {
  const tables = report.shares.map(({ share, requests_per_s: rate, policies, best, weir }) => {
    const rows = Object.entries(policies).map(([name, policy]) => [
      name,
      policy.ttft_p50_ms.value.toFixed(0),
      policy.ttft_p99_ms.value.toFixed(0),
      range(policy.ttft_p99_ms, 0),
      policy.ttft_p99_over_weir.value.toFixed(2),
      range(policy.ttft_p99_over_weir, 2),
      percent(policy.prefix_hit_rate.value),
      policy.load_max_over_mean.value.toFixed(2),
      policy.tokens_per_joule.value.toFixed(3),
    ]);
    const verdict = weir === 'best' ? 'weir has the shortest p99' : `shortest p99: ${best}; weir is ${weir}`;
    return `${Math.round(100 * share)} % of saturation, ${rate.toFixed(1)} requests/s; ${verdict}\n${columns(HEAD, rows)}`;
  });
  return `${tables.join('\n')}\n${footnotes(report)}`;
}

function range({ low, high }: Estimate, digits: number): string {
  return `${low.toFixed(digits)}–${high.toFixed(digits)}`;
}

function footnotes(report: SweepReport): string {
  const { saturation, replicas, blocks, resamples, seed } = report;
  const cache = blocks === null ? 'unbounded' : `${blocks} blocks of ${report.block_tokens} tokens`;
  return [
    `saturation of ${saturation.policy}: ${saturation.requests_per_s.toFixed(1)} requests/s, ${saturation.load.toFixed(2)} times the trace's rate`,
    `shared cache of the same size ${percent(report.shared_cache_hit_rate)}, cache without end ${percent(report.infinite_hit_rate)}`,
    `${report.requests} requests, ${replicas} replicas, cache ${cache}; ${resamples} resamples of conversations; seed ${seed}; ${report.wall_s.toFixed(0)} s`,
    '',
  ].join('\n');
}
