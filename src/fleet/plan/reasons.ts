import { timeText } from '#fleet/time-text.js';
import type { Candidate, Slo } from './candidates.js';
import type { FleetReport, PoolReport } from './report.js';

/** `8 × (4 h100)`, pools joined by +. */
export function fleetName(
  pools: readonly Pick<PoolReport, 'replicas' | 'tp' | 'gpu' | 'boundary' | 'prefill' | 'tiers'>[],
): string {
  return pools
    .map(
      ({ replicas, tp, gpu, boundary, prefill, tiers }) =>
        `${replicas} × ${tp} ${gpu}${boundary === null ? '' : ` up to ${boundary} tokens`}${behind(tiers)}` +
        (prefill === null ? '' : `, prompts on ${prefill.replicas} × ${prefill.tp} ${prefill.gpu}`),
    )
    .join(' + ');
}

function behind(tiers: PoolReport['tiers']): string {
  if (tiers === null) return '';
  return tiers.disk === null ? ' with host memory' : ' with host memory and storage';
}

function isPlain({ pools }: FleetReport): boolean {
  return pools.length === 1 && pools[0]!.prefill === null;
}

/** The reasons for the best fleet, in numbers that the twin gave. */
export function reasons(
  best: FleetReport,
  held: readonly FleetReport[],
  proposed: readonly Candidate[],
  slo: Slo,
): readonly string[] {
  const lines: string[] = [];
  const usd = (value: number) => `$${value.toFixed(2)}/h`;
  for (const [i, pool] of best.pools.entries()) {
    const where = best.pools.length > 1 ? `pool ${i + 1}: ` : '';
    if (pool.one_fewer === null) continue;
    const { holds, p99_ttft_ms: p99, tpot_ms: tpot } = pool.one_fewer;
    const missed = [
      ...(p99 > slo.ttftP99Ms ? [`P99 TTFT would be ${timeText(p99)}`] : []),
      ...(tpot > slo.tpotMs ? [`TPOT ${timeText(tpot)}`] : []),
    ];
    lines.push(
      `${where}with ${pool.replicas - 1 === 1 ? 'one replica' : `${pool.replicas - 1} replicas`} ${missed.length > 0 ? missed.join(' and ') : holds ? 'the first arrival pattern still holds, but not all of them' : 'requests would be refused'}`,
    );
  }
  const [, high] = best.verified.p99_ttft_interval_ms;
  if (high > slo.ttftP99Ms) {
    lines.push(
      `it holds in the mean over ${best.verified.seeds} arrival patterns, whose P99 TTFT may as well be ${timeText(high)} (95 %): a larger fleet is surer to`,
    );
  }
  const whole = held.find(isPlain);
  const divided = held.find(({ pools }) => pools.length > 1);
  if (whole !== undefined && divided !== undefined) {
    const saved = 1 - divided.usd_per_hour / whole.usd_per_hour;
    lines.push(
      `one pool: ${usd(whole.usd_per_hour)} (${fleetName(whole.pools)}); the cheapest division that held: ${usd(divided.usd_per_hour)} (${fleetName(divided.pools)}): ` +
        (saved > 0 ? `dividing by length saves ${(100 * saved).toFixed(1)} %` : 'dividing by length saves nothing'),
    );
  } else if (divided === undefined) lines.push('no division by length that was played held at a price near this');
  const apart = held.find(({ pools }) => pools.some(({ prefill }) => prefill !== null));
  if (whole !== undefined && apart !== undefined) {
    const saved = 1 - apart.usd_per_hour / whole.usd_per_hour;
    lines.push(
      `prompts on replicas of their own: ${usd(apart.usd_per_hour)} (${fleetName(apart.pools)}): ` +
        (saved > 0 ? `that saves ${(100 * saved).toFixed(1)} %` : 'that saves nothing'),
    );
  }
  const used = new Set(best.pools.map(({ gpu }) => gpu));
  for (const gpu of new Set(proposed.flatMap(({ pools }) => pools.map(({ kind }) => kind.profile.gpu)))) {
    if (used.size === 1 && used.has(gpu)) continue;
    const other = held.find(({ pools }) => pools.every(one => one.gpu === gpu));
    const screened = proposed.find(({ pools }) => pools.every(({ kind }) => kind.profile.gpu === gpu));
    if (other !== undefined) lines.push(`${gpu} alone: ${usd(other.usd_per_hour)} (${fleetName(other.pools)})`);
    else if (screened !== undefined) {
      lines.push(`${gpu} alone: about ${usd(screened.usdPerHour)} by the closed form, so it was not played`);
    }
  }
  return lines;
}
