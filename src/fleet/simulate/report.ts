import { type Distribution, distributionOf, median } from '#contract/distribution.js';
import type { Joules, Milliseconds, Usd } from '#contract/units.js';
import type { PoolTwinResult } from '#fleet/twin/pool-twin.js';

/** What a simulation is told as; times in ms. */
export interface SimulationReport {
  readonly requests: {
    readonly arrived: number;
    readonly completed: number;
    readonly rejected: number;
    readonly failed: number;
  };
  /** By the code that says why. */
  readonly rejections: Readonly<Record<string, number>>;
  readonly ttft_ms: Distribution;
  readonly tpot_ms: Distribution;
  readonly e2e_ms: Distribution;
  readonly cost_usd: Usd;
  readonly joules: Joules;
  readonly tokens_per_joule: number;
  readonly duration_s: number;
  readonly pools: Readonly<
    Record<
      string,
      {
        readonly replicas: number;
        readonly completed: number;
        readonly utilisation: number;
        readonly prefix_hit_rate: number;
        readonly load_max_over_mean: number;
        readonly preemptions: number;
        readonly usd_per_hour: Usd;
      }
    >
  >;
  readonly requests_per_s: number;
  readonly wall_s: number;
}

/** @param wallMs how long it took to simulate. */
export function simulationReport(result: PoolTwinResult, wallMs: Milliseconds): SimulationReport {
  const { arrived, completed, rejected, failed, endMs, pools } = result;
  const hours = endMs / 3_600_000;
  let [usd, joules, outputTokens] = [0, 0, 0];
  for (const pool of pools.values()) {
    usd += pool.usdPerHour * hours;
    joules += pool.joules;
  }
  for (const request of completed) outputTokens += request.outputTokens;
  return {
    requests: {
      arrived,
      completed: completed.length,
      rejected: [...rejected.values()].reduce((sum, count) => sum + count, 0),
      failed,
    },
    rejections: Object.fromEntries(rejected),
    ttft_ms: distributionOf(completed.map(({ ttftMs }) => ttftMs)),
    tpot_ms: distributionOf(completed.flatMap(({ tpotMs }) => tpotMs ?? [])),
    e2e_ms: distributionOf(completed.map(({ e2eMs }) => e2eMs)),
    cost_usd: usd,
    joules,
    tokens_per_joule: joules > 0 ? outputTokens / joules : 0,
    duration_s: endMs / 1000,
    pools: Object.fromEntries(
      [...pools].map(([name, pool]) => [
        name,
        {
          replicas: pool.replicas,
          completed: pool.completed,
          utilisation: pool.utilisation,
          prefix_hit_rate: pool.prefixHitRate,
          load_max_over_mean: median(pool.loadRatios),
          preemptions: pool.preemptions,
          usd_per_hour: pool.usdPerHour,
        },
      ]),
    ),
    requests_per_s: wallMs > 0 ? (1000 * arrived) / wallMs : 0,
    wall_s: wallMs / 1000,
  };
}
