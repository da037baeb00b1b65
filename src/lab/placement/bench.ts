import type { Clock } from '#contract/clock.js';
import { distributionOf, median } from '#contract/distribution.js';
import { WeirError } from '#contract/errors.js';
import { seededRandom } from '#contract/random.js';
import { playTrace, type TwinResult } from '#fleet/twin/trace-driver.js';
import type { Engine } from '#pool/engine/engine.js';
import { createPlacer, type PlacerName } from '#pool/placement/create-placer.js';
import type { Trace } from '#workload/traces/trace.js';
import { type BenchEngine, benchEngines, benchProfile, blockTokensOf, DEFAULT_ENGINE } from './engines.js';
import { offeredUtilisation } from './offered-load.js';
import type { PlacementReport, PolicyReport } from './report.js';
import { SharedCache } from './shared-cache.js';

/** Policies of the bench by name; `weir` is the default of live pools. */
export const POLICIES: Readonly<Record<string, PlacerName>> = {
  weir: 'prefix',
  max_prefix: 'max_prefix',
  least_load: 'least_load',
  power_of_two: 'power_of_two',
  round_robin: 'round_robin',
};

export interface PlacementBenchOptions {
  readonly replicas: number;
  /** Prefix blocks that a replica's cache holds, running requests included; unbounded when absent. */
  readonly blocks?: number;
  /** All of {@link POLICIES} unless said. */
  readonly policies?: readonly string[];
  /** Arrivals come this many times as fast as in the trace. Absent: as fast as makes {@link TARGET_UTILISATION}. */
  readonly load?: number;
  readonly seed: number;
  readonly engine?: BenchEngine;
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
  const { replicas, blocks, seed, clock } = options;
  const { requests } = trace;
  const policies = (options.policies ?? Object.keys(POLICIES)).map(name => [name, placerOf(name)] as const);
  const startedAt = clock.now();

  const shared = new SharedCache(blocks === undefined ? Number.POSITIVE_INFINITY : replicas * blocks);
  const infinite = new SharedCache(Number.POSITIVE_INFINITY);
  const cachedBlocks = requests.map(({ prefix }) => {
    infinite.request(prefix);
    return shared.request(prefix);
  });
  const profile = benchProfile(options.engine ?? DEFAULT_ENGINE, requests, blocks);
  const demand = offeredUtilisation(requests, cachedBlocks, profile, replicas);
  const load = options.load ?? (demand === undefined ? 1 : TARGET_UTILISATION / demand);
  const spanS = ((requests.at(-1)?.arrivalMs ?? 0) - (requests[0]?.arrivalMs ?? 0)) / load / 1000;

  const reports: Record<string, PolicyReport> = {};
  for (const [name, placer] of policies) {
    const policyAt = clock.now();
    const engines = benchEngines(profile, replicas);
    const { progress } = options;
    const result = playTrace(requests, {
      placer: createPlacer(placer, { random: seededRandom(seed).fork(name), maxReplicas: Math.max(1024, replicas) }),
      engines,
      replica: {
        limit: Number.MAX_SAFE_INTEGER,
        contextTokens: profile.contextTokens,
        cacheBlocks: blocks ?? Math.max(1, infinite.size),
      },
      rateScale: load,
      ...(progress === undefined ? {} : { progress: (arrived: number) => progress(name, arrived) }),
    });
    reports[name] = reportOf(result, engines, {
      blockTokens: blockTokensOf(requests),
      shared,
      wallS: (clock.now() - policyAt) / 1000,
    });
  }

  return {
    policies: reports,
    shared_cache_hit_rate: rate(shared.hits, shared.lookups),
    infinite_hit_rate: rate(infinite.hits, infinite.lookups),
    requests: requests.length,
    refused: trace.refused,
    replicas,
    blocks: blocks ?? null,
    block_tokens: blockTokensOf(requests),
    load,
    load_chosen: options.load === undefined,
    offered_utilisation: demand === undefined ? null : demand * load,
    requests_per_s: spanS > 0 ? requests.length / spanS : null,
    seed,
    engine: {
      model: profile.model,
      gpu: profile.gpu,
      tensor_parallel: profile.tensorParallel,
      kv_tokens: profile.totalBlocks * profile.blockTokens,
      max_batched_tokens: profile.maxBatchedTokens,
      max_sequences: profile.maxSequences,
    },
    wall_s: (clock.now() - startedAt) / 1000,
  };
}

interface ReportContext {
  readonly blockTokens: number;
  readonly shared: SharedCache;
  readonly wallS: number;
}

function reportOf(result: TwinResult, engines: readonly Engine[], context: ReportContext): PolicyReport {
  const { completed, rejected, busy, endMs } = result;
  const { blockTokens, shared, wallS } = context;
  let hits = 0;
  for (const { cachedTokens } of completed) hits += Math.round(cachedTokens / blockTokens);
  let joules = 0;
  let outputTokens = 0;
  let preemptions = 0;
  for (const engine of engines) {
    const stats = engine.stats();
    joules += stats.joules;
    outputTokens += stats.outputTokens;
    preemptions += stats.preemptions;
  }
  return {
    prefix_hit_rate: rate(hits, shared.lookups),
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
    wall_s: wallS,
  };
}

function placerOf(policy: string): PlacerName {
  const placer = Object.hasOwn(POLICIES, policy) ? POLICIES[policy] : undefined;
  if (placer !== undefined) return placer;
  throw new WeirError('usage.invalid', `No policy is called "${policy}".`, {
    hint: `one of ${Object.keys(POLICIES).join(', ')}`,
  });
}

function rate(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}
