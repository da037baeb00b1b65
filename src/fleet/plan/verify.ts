import { distributionOf } from '#contract/distribution.js';
import { seededRandom } from '#contract/random.js';
import type { Milliseconds } from '#contract/units.js';
import { playTrace } from '#fleet/twin/trace-driver.js';
import { createEngine } from '#pool/engine/batching-engine.js';
import { createPlacer } from '#pool/placement/create-placer.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import type { PlannedPool, Slo } from './candidates.js';

/** How one pool fared in the twin: the worst of its seeds, and their mean. */
export interface PoolVerdict {
  readonly ok: boolean;
  readonly p99TtftMs: Milliseconds;
  readonly meanTpotMs: Milliseconds;
  readonly tokensPerJoule: number;
  readonly busy: number;
  readonly rejected: number;
}

/** The first tenth of the requests fills the engines and is not counted. */
const WARM_UP = 0.1;

/**
 * Plays a pool's requests through the live placement code and the engine model, once for each arrival pattern. It holds if in the mean
 * over seeds the P99 TTFT and the mean TPOT are within the SLO and no request was rejected.
 */
export function verifyPool(pool: PlannedPool, arrivals: readonly (readonly TraceRequest[])[], slo: Slo): PoolVerdict {
  const { profile } = pool.kind;
  let [p99, tpot, rejected, tokens, joules, busy] = [0, 0, 0, 0, 0, 0];
  for (const [seed, all] of arrivals.entries()) {
    const requests = all.filter(({ promptTokens, outputTokens }) => {
      const total = promptTokens + outputTokens;
      return total > pool.above && total <= pool.upTo;
    });
    if (requests.length === 0) continue;
    const engines = Array.from({ length: pool.replicas }, () =>
      createEngine(profile, { events: 'milestones', maxWaiting: 10_000_000 }),
    );
    const result = playTrace(requests, {
      placer: createPlacer('prefix', { random: seededRandom(seed) }),
      engines,
      replica: {
        limit: Number.MAX_SAFE_INTEGER,
        contextTokens: profile.contextTokens,
        cacheBlocks: profile.totalBlocks,
      },
    });
    const counted = result.completed.filter(({ index }) => index >= WARM_UP * requests.length);
    p99 += distributionOf(counted.map(({ ttftMs }) => ttftMs)).p99 / arrivals.length;
    tpot += distributionOf(counted.flatMap(({ tpotMs }) => tpotMs ?? [])).mean / arrivals.length;
    busy += result.busy / arrivals.length;
    rejected += result.rejected;
    for (const engine of engines) {
      const stats = engine.stats();
      tokens += stats.outputTokens;
      joules += stats.joules;
    }
  }
  return {
    ok: rejected === 0 && p99 <= slo.ttftP99Ms && tpot <= slo.tpotMs,
    ...{ p99TtftMs: p99, meanTpotMs: tpot, rejected, busy },
    tokensPerJoule: joules > 0 ? tokens / joules : 0,
  };
}
