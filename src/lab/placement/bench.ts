import type { Clock } from '#contract/clock.js';
import { distributionOf, median } from '#contract/distribution.js';
import type { Trace } from '#workload/traces/trace.js';
import { type BenchEngine, DEFAULT_ENGINE } from './engines.js';
import { BenchFleet, type FleetOptions, type Run } from './fleet.js';
import { placerOf, USUAL_POLICIES } from './policies.js';
import type { PlacementReport, PolicyReport } from './report.js';

export { USUAL_POLICIES } from './policies.js';

export interface PlacementBenchOptions {
  readonly replicas: number;
  /** Prefix blocks that a replica's cache holds, running requests included; unbounded when absent. */
  readonly blocks?: number;
  /** {@link USUAL_POLICIES} unless said. */
  readonly policies?: readonly string[];
  /** Arrivals come this many times as fast as in the trace. Absent: as fast as makes {@link TARGET_UTILISATION}. */
  readonly load?: number;
  /** What the hosts of replicas keep beside: {@link FleetOptions.host}. */
  readonly host?: FleetOptions['host'];
  readonly seed: number;
  readonly engine?: BenchEngine;
  /** Most replicas that a placer scores for one request: its own default unless said. */
  readonly candidates?: number;
  /** Real time, to tell how long the bench took. */
  readonly clock: Pick<Clock, 'now'>;
  readonly progress?: (policy: string, arrived: number) => void;
}

/** The utilisation that planners size fleets for. */
export const TARGET_UTILISATION = 0.85;

/**
 * Plays one trace through each policy in virtual time, on engines whose KV is the cache, and beside them through one shared cache
 * of the same total size.
 *
 * @throws WeirError `usage.invalid` for an unknown policy, `config.unknown_reference` for an unknown model or GPU.
 */
export function benchPlacement(trace: Trace, options: PlacementBenchOptions): PlacementReport {
  const { replicas, blocks, seed, clock, engine = DEFAULT_ENGINE, candidates, host, progress } = options;
  const { requests } = trace;
  const policies = (options.policies ?? USUAL_POLICIES).map(name => [name, placerOf(name)] as const);
  const startedAt = clock.now();
  const fleet = new BenchFleet(requests, { replicas, blocks, engine, seed, candidates, host });
  const { profile, shared, infinite, demand } = fleet;
  const load = options.load ?? (demand === undefined ? 1 : TARGET_UTILISATION / demand);
  const spanS = fleet.spanMs(load) / 1000;

  const reports: Record<string, PolicyReport> = {};
  for (const [name, placer] of policies) {
    const policyAt = clock.now();
    const run = fleet.play(name, placer, load, progress && (arrived => progress(name, arrived)));
    reports[name] = { ...reportOf(run, fleet), wall_s: (clock.now() - policyAt) / 1000 };
  }

  return {
    policies: reports,
    shared_cache_hit_rate: rate(shared.hits, shared.lookups),
    infinite_hit_rate: rate(infinite.hits, infinite.lookups),
    requests: requests.length,
    refused: trace.refused,
    replicas,
    blocks: blocks ?? null,
    ...(host === undefined ? undefined : { host_blocks: host.blocks, host_gb_per_s: host.bandwidth / 1e9 }),
    ...(host?.disk === undefined
      ? undefined
      : { disk_blocks: host.disk.blocks, disk_gb_per_s: host.disk.bandwidth / 1e9 }),
    block_tokens: fleet.blockTokens,
    load,
    load_chosen: options.load === undefined,
    offered_utilisation: demand === undefined ? null : demand * load,
    requests_per_s: spanS > 0 ? requests.length / spanS : null,
    seed,
    engine: {
      model: profile.model,
      gpu: profile.gpu,
      ...{ weights: profile.weights, kv_cache: profile.kvCache },
      tensor_parallel: profile.tensorParallel,
      kv_tokens: profile.totalBlocks * profile.blockTokens,
      max_batched_tokens: profile.maxBatchedTokens,
      max_sequences: profile.maxSequences,
    },
    wall_s: (clock.now() - startedAt) / 1000,
  };
}

/** What one run of a policy amounts to. */
export function reportOf({ result, engines }: Run, { blockTokens, shared }: BenchFleet): Omit<PolicyReport, 'wall_s'> {
  const { completed, rejected, busy, endMs } = result;
  let hits = 0;
  for (const { cachedTokens } of completed) hits += Math.round(cachedTokens / blockTokens);
  let joules = 0;
  let outputTokens = 0;
  let preemptions = 0;
  let hostTokens = 0;
  let diskTokens = 0;
  for (const engine of engines) {
    const stats = engine.stats();
    joules += stats.joules;
    outputTokens += stats.outputTokens;
    preemptions += stats.preemptions;
    hostTokens += stats.hostTokens ?? 0;
    diskTokens += stats.diskTokens ?? 0;
  }
  return {
    prefix_hit_rate: rate(hits, shared.lookups),
    ...(hostTokens > 0 ? { host_hit_rate: rate(hostTokens / blockTokens, shared.lookups) } : undefined),
    ...(diskTokens > 0 ? { disk_hit_rate: rate(diskTokens / blockTokens, shared.lookups) } : undefined),
    share_of_shared_cache: shared.hits > 0 ? hits / shared.hits : null,
    load_max_over_mean: median(result.loadRatios),
    load_max_over_mean_momentary: median(result.momentaryLoadRatios),
    ttft_ms: distributionOf(completed.map(({ ttftMs }) => ttftMs)),
    tpot_ms: distributionOf(completed.flatMap(({ tpotMs }) => (tpotMs === undefined ? [] : [tpotMs]))),
    e2e_ms: distributionOf(completed.map(({ e2eMs }) => e2eMs)),
    tokens_per_joule: rate(outputTokens, joules),
    joules,
    completed: completed.length,
    rejected,
    preemptions,
    busy,
    duration_s: endMs / 1000,
  };
}

function rate(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}
