import { distributionOf } from '#contract/distribution.js';
import { seededRandom } from '#contract/random.js';
import type { Joules, Milliseconds, Tokens } from '#contract/units.js';
import { playTrace } from '#fleet/twin/trace-driver.js';
import { createEngine } from '#pool/engine/batching-engine.js';
import type { EngineStats, HostMemory } from '#pool/engine/engine.js';
import { readMs } from '#pool/engine/host-cache.js';
import type { EngineProfile } from '#pool/engine/profile.js';
import { createPlacer } from '#pool/placement/create-placer.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import type { PlannedPool, Slo } from './candidates.js';
import { disaggregatedVerifier } from './verify-disaggregated.js';

/** A pool as it is played: the requests of more than `above` and at most `upTo` tokens. */
export type SizedPool = Omit<PlannedPool, 'forecast'>;

/** How one pool fared in the twin, means over arrival patterns. */
export interface PoolVerdict {
  readonly ok: boolean;
  readonly p99TtftMs: Milliseconds;
  /** Of each pattern. */
  readonly p99TtftEachMs: readonly Milliseconds[];
  readonly meanTpotMs: Milliseconds;
  readonly outputTokens: Tokens;
  readonly joules: Joules;
  /** Virtual time that was played, all patterns together. */
  readonly playedMs: Milliseconds;
  readonly busy: number;
  /** Of the replicas that answer, over all prompts. */
  readonly caches: CacheVerdict;
  /** Of the replicas that compute prompts for others, over those prompts: what an answering replica holds is hardly sent to them. */
  readonly promptCaches?: CacheVerdict;
  readonly rejected: number;
  /** Sequences that left a replica for want of KV memory, and were computed anew. */
  readonly preemptions: number;
  /** Requests that were played. */
  readonly requests: number;
}

/** What a pool's caches spared it. */
export interface CacheVerdict {
  /** Of prompt tokens, those found in any tier, and of them those read from the host's memory and from storage. */
  readonly hitRate: number;
  readonly hostHitRate: number;
  readonly diskHitRate: number;
  /** What such reads take a request, in the mean over all of them. */
  readonly readMs: Milliseconds;
  /** Share of busy time in which engines waited for a read. */
  readonly stalled: number;
}

/** The first tenth of the requests fills the engines and is not counted. */
export const WARM_UP = 0.1;

/** Plays a pool over the first so many of some arrival patterns, each of which it plays but once. */
export type PoolVerifier = (arrivals: readonly (readonly TraceRequest[])[]) => PoolVerdict;

/**
 * Plays a pool's requests through the live placement code and the engine model, once for each arrival pattern. It holds if in the mean
 * over patterns the P99 TTFT and the mean TPOT are within the SLO and no request was rejected.
 */
export function verifyPool(pool: SizedPool, arrivals: readonly (readonly TraceRequest[])[], slo: Slo): PoolVerdict {
  return poolVerifier(pool, slo)(arrivals);
}

/** {@link verifyPool} for a pool that is asked about with one pattern first, and then with more after it. */
export function poolVerifier(pool: SizedPool, slo: Slo): PoolVerifier {
  const { prefill } = pool;
  if (prefill !== undefined) return disaggregatedVerifier({ ...pool, prefill }, slo);
  const known: (Play | undefined)[] = [];
  return arrivals => {
    for (let i = known.length; i < arrivals.length; i++) known.push(play(pool, arrivals[i]!, i));
    const plays = known.slice(0, arrivals.length).filter(one => one !== undefined);
    return verdictOf(pool, plays, slo);
  };
}

/** What came of one pattern. */
interface Play {
  readonly requests: number;
  readonly p99TtftMs: Milliseconds;
  readonly meanTpotMs: Milliseconds;
  readonly busy: number;
  readonly rejected: number;
  readonly endMs: Milliseconds;
  readonly engines: readonly EngineStats[];
}

/** `undefined` where none of the requests is the pool's. */
function play(pool: SizedPool, all: readonly TraceRequest[], seed: number): Play | undefined {
  const { profile, tiers } = pool.kind;
  const requests = all.filter(({ promptTokens, outputTokens }) => {
    const total = promptTokens + outputTokens;
    return total > pool.above && total <= pool.upTo;
  });
  if (requests.length === 0) return undefined;
  const engines = Array.from({ length: pool.replicas }, () =>
    createEngine(profile, { events: 'milestones', maxWaiting: 10_000_000, host: tiers?.memory }),
  );
  const result = playTrace(requests, {
    placer: createPlacer('prefix', { random: seededRandom(seed) }),
    engines,
    replica: {
      limit: Number.MAX_SAFE_INTEGER,
      contextTokens: profile.contextTokens,
      cacheBlocks: cacheBlocksOf(profile, requests, tiers?.memory),
    },
  });
  const { completed, busy, rejected, endMs } = result;
  const counted = completed.filter(({ index }) => index >= WARM_UP * requests.length);
  return {
    ...{ requests: requests.length, busy, rejected, endMs },
    p99TtftMs: distributionOf(counted.map(({ ttftMs }) => ttftMs)).p99,
    meanTpotMs: distributionOf(counted.flatMap(({ tpotMs }) => tpotMs ?? [])).mean,
    engines: engines.map(engine => engine.stats()),
  };
}

function verdictOf({ kind: { profile, tiers }, replicas }: SizedPool, plays: readonly Play[], slo: Slo): PoolVerdict {
  const sums = { prompt: 0, cached: 0, host: 0, disk: 0, stalledMs: 0, busyMs: 0 };
  const each: Milliseconds[] = [];
  let [tpot, rejected, preemptions, tokens, joules, busy, playedMs, played] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (const one of plays) {
    each.push(one.p99TtftMs);
    tpot += one.meanTpotMs;
    busy += one.busy;
    rejected += one.rejected;
    played += one.requests;
    playedMs += one.endMs;
    for (const stats of one.engines) {
      tokens += stats.outputTokens;
      joules += stats.joules;
      preemptions += stats.preemptions;
      sums.prompt += stats.promptTokens;
      sums.cached += stats.cachedTokens;
      sums.host += stats.hostTokens ?? 0;
      sums.disk += stats.diskTokens ?? 0;
      sums.stalledMs += stats.stalledMs ?? 0;
    }
    sums.busyMs += one.busy * one.endMs * replicas;
  }
  const runs = Math.max(1, each.length);
  const p99TtftMs = each.reduce((sum, value) => sum + value, 0) / runs;
  const meanTpotMs = tpot / runs;
  return {
    ok: rejected === 0 && p99TtftMs <= slo.ttftP99Ms && meanTpotMs <= slo.tpotMs,
    ...{ p99TtftMs, p99TtftEachMs: each, meanTpotMs, rejected, preemptions, playedMs, requests: played },
    ...{ outputTokens: tokens, joules, busy: busy / runs },
    caches: {
      hitRate: share(sums.cached, sums.prompt),
      hostHitRate: share(sums.host, sums.prompt),
      diskHitRate: share(sums.disk, sums.prompt),
      readMs: share(readMs(profile, tiers?.memory, sums.host, sums.disk) ?? 0, played),
      stalled: share(sums.stalledMs, sums.busyMs),
    },
  };
}

function share(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}

/** What a replica's KV memory, and what is behind it, holds in blocks as the trace cuts its prompts, which need not be those of the engine. */
export function cacheBlocksOf(
  { totalBlocks, blockTokens }: Pick<EngineProfile, 'totalBlocks' | 'blockTokens'>,
  requests: readonly Pick<TraceRequest, 'prefix'>[],
  memory?: HostMemory,
): number {
  const cut = requests.find(({ prefix }) => prefix.hashes.length > 0)?.prefix.blockTokens ?? blockTokens;
  const blocks = totalBlocks + (memory?.blocks ?? 0) + (memory?.disk?.blocks ?? 0);
  return Math.max(1, Math.floor((blocks * blockTokens) / cut));
}
