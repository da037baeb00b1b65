import { fleetName } from '#fleet/plan/reasons.js';
import type { FleetReport, PlanReport } from '#fleet/plan/report.js';
import { shareText } from '#fleet/share-text.js';
import { timeText } from '#fleet/time-text.js';

type Pool = FleetReport['pools'][number];

/** What is read from behind the GPUs of a pool, or of replicas that compute its prompts; empty where there is nothing. */
export function readsText({ tiers }: Pick<Pool, 'tiers'>): string {
  if (tiers === null) return '';
  const { host, disk, host_hit_rate: fromHost, disk_hit_rate: fromDisk, read_ms: read, stalled } = tiers;
  const places = [
    `${shareText(fromHost, 1)} from ${host.gb} GB a GPU of host memory at ${host.link} GB/s`,
    ...(disk === null ? [] : [`${shareText(fromDisk, 1)} from ${disk.gb} GB of storage at ${disk.link} GB/s`]),
  ];
  return `${places.join(', ')}; reading takes ${timeText(read)} a request, engines wait for it ${shareText(stalled, 1)} of busy time`;
}

/** What the memory behind the GPUs brings: the same fleet with less of it, each as small as it holds. */
export function tierEffects({ tiers }: PlanReport): readonly string[] {
  if (tiers === null) return [];
  const rows = tiers.map(({ tiers: name, fleet }) => {
    if (fleet === null) return `  ${name}: no number of these replicas that was tried holds`;
    const hits = fleet.pools.map(pool => shareText(pool.prefix_hit_rate, 1)).join(' and ');
    const { p99_ttft_ms: p99, tpot_ms: tpot } = fleet.verified;
    return (
      `  ${name}: ${fleetName(fleet.pools)}, $${fleet.usd_per_hour.toFixed(2)}/h, prefix hits ${hits}, ` +
      `P99 TTFT ${timeText(p99)}, TPOT ${timeText(tpot)}`
    );
  });
  return ['', 'KV behind the GPUs of such a fleet', ...rows];
}
