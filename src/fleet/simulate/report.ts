import { type Distribution, median } from '#contract/distribution.js';
import type { Joules, Milliseconds, Tokens, Usd } from '#contract/units.js';
import type { FleetTwinResult } from '#fleet/twin/fleet-twin.js';
import type { CacheSize } from '#fleet/twin/simulated-pool.js';
import type { DecisionFigures } from '#fleet/twin/twin-ledger.js';

/** What a simulation is told as; times in ms. */
export interface SimulationReport {
  readonly requests: {
    readonly arrived: number;
    readonly completed: number;
    readonly rejected: number;
    readonly failed: number;
  };
  /** By the code that says why; failures likewise. */
  readonly rejections: Readonly<Record<string, number>>;
  readonly failures: Readonly<Record<string, number>>;
  /** Of the answers: by the policy with a fixed text, after more than one attempt, and those that times are told of. */
  readonly answers: { readonly said: number; readonly retried: number; readonly counted: number };
  readonly decisions: Readonly<Record<string, DecisionFigures>>;
  /** Signals that the trace cannot tell: unknown wherever it did not record them. */
  readonly missing_signals: readonly string[];
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
        /** At the end, and at most. */
        readonly replicas: number;
        readonly most_replicas: number;
        readonly completed: number;
        /** Times that a replica failed, and the share of its time that it was up. */
        readonly failures: number;
        readonly availability: number;
        readonly utilisation: number;
        readonly prefix_hit_rate: number;
        /** Of all prompt tokens, those read from the memory of hosts and from storage; share of busy time that waited for it. Absent without. */
        readonly host_hit_rate?: number;
        readonly disk_hit_rate?: number;
        readonly stalled?: number;
        readonly cache: CacheReport;
        readonly load_max_over_mean: number;
        readonly preemptions: number;
        readonly usd_per_hour: Usd;
      }
    >
  >;
  readonly requests_per_s: number;
  readonly wall_s: number;
}

/** What a replica keeps of prefixes, in tokens by tier. */
export interface CacheReport {
  /** `memory`: what GPU, model and `tp` leave. `simulate.blocks`: as the file says. */
  readonly from: CacheSize['from'];
  readonly device_tokens: Tokens;
  readonly host_tokens?: Tokens;
  readonly disk_tokens?: Tokens;
  /** What placement takes it to hold instead: `cache_blocks`. */
  readonly believed_blocks?: number;
}

function cacheReport({ from, deviceTokens, hostTokens, diskTokens, believedBlocks }: CacheSize): CacheReport {
  return {
    ...{ from, device_tokens: deviceTokens },
    ...(hostTokens > 0 && { host_tokens: hostTokens }),
    ...(diskTokens > 0 && { disk_tokens: diskTokens }),
    ...(believedBlocks !== undefined && { believed_blocks: believedBlocks }),
  };
}

/** @param wallMs how long it took to simulate. */
export function simulationReport(result: FleetTwinResult, wallMs: Milliseconds): SimulationReport {
  const { arrived, answered, said, rejected, failed, failures, retried, counted, decisions, endMs, pools } = result;
  let [usd, joules, outputTokens] = [0, 0, 0];
  for (const pool of pools.values()) {
    usd += pool.usd;
    joules += pool.joules;
    outputTokens += pool.outputTokens;
  }
  return {
    requests: {
      arrived,
      completed: answered + said,
      rejected: [...rejected.values()].reduce((sum, count) => sum + count, 0),
      failed,
    },
    rejections: Object.fromEntries(rejected),
    failures: Object.fromEntries(failures),
    answers: { said, retried, counted },
    decisions: Object.fromEntries(decisions),
    missing_signals: result.missingSignals,
    ttft_ms: result.ttft,
    tpot_ms: result.tpot,
    e2e_ms: result.e2e,
    cost_usd: usd,
    joules,
    tokens_per_joule: joules > 0 ? outputTokens / joules : 0,
    duration_s: endMs / 1000,
    pools: Object.fromEntries(
      [...pools].map(([name, pool]) => [
        name,
        {
          replicas: pool.replicas,
          most_replicas: pool.mostReplicas,
          completed: pool.completed,
          failures: pool.failures,
          availability: pool.availability,
          utilisation: pool.utilisation,
          prefix_hit_rate: pool.prefixHitRate,
          ...(pool.cache.hostTokens > 0 && { host_hit_rate: pool.hostHitRate, stalled: pool.stalled }),
          ...(pool.cache.diskTokens > 0 && { disk_hit_rate: pool.diskHitRate }),
          cache: cacheReport(pool.cache),
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
