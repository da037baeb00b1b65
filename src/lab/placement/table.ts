import { precisionText } from '#fleet/plan/precision-text.js';
import { columns, percent } from './columns.js';
import type { PlacementReport } from './report.js';

const HEAD = [
  'policy',
  'hit rate',
  'of shared',
  'load max/mean',
  'TTFT mean',
  'p50',
  'p90',
  'p99 ms',
  'tokens/J',
  'rejected',
];

/** The report as a table for people, with what was run below it. */
export function renderPlacementReport(report: PlacementReport): string {
  const rows = Object.entries(report.policies).map(([name, policy]) => {
    const { mean, p50, p90, p99 } = policy.ttft_ms;
    return [
      name,
      percent(policy.prefix_hit_rate),
      policy.share_of_shared_cache === null ? '-' : percent(policy.share_of_shared_cache),
      policy.load_max_over_mean.toFixed(2),
      ...[mean, p50, p90, p99].map(ms => ms.toFixed(0)),
      policy.tokens_per_joule.toFixed(3),
      String(policy.rejected),
    ];
  });
  return `${columns(HEAD, rows)}\n${footnotes(report)}`;
}

function footnotes(report: PlacementReport): string {
  const { engine, blocks, replicas } = report;
  const cache = blocks === null ? 'unbounded' : `${blocks} blocks of ${report.block_tokens} tokens`;
  const host =
    report.host_blocks === undefined
      ? ''
      : `, ${report.host_blocks} more in the host's memory at ${report.host_gb_per_s} GB/s a GPU`;
  const disk =
    report.disk_blocks === undefined
      ? ''
      : `, ${report.disk_blocks} more in storage behind it at ${report.disk_gb_per_s} GB/s a GPU`;
  const rate = report.requests_per_s === null ? '' : ` (${report.requests_per_s.toFixed(1)} requests/s)`;
  const utilisation =
    report.offered_utilisation === null ? '' : `, offered utilisation ${report.offered_utilisation.toFixed(2)}`;
  return [
    `shared cache of the same size ${percent(report.shared_cache_hit_rate)}, cache without end ${percent(report.infinite_hit_rate)}`,
    `${report.requests} requests at ${report.load.toFixed(2)} times the trace's rate${rate}${utilisation}`,
    `${replicas} replicas of ${engine.model} on ${engine.tensor_parallel} × ${engine.gpu}, ${precisionText(engine)}, cache ${cache}${host}${disk}; seed ${report.seed}; ${report.wall_s.toFixed(1)} s`,
    '',
  ].join('\n');
}
