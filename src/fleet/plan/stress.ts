import { seededRandom } from '#contract/random.js';
import type { Milliseconds, Tokens } from '#contract/units.js';
import { drawLengths, findCdf } from '#workload/generate/length-cdf.js';
import { NO_PREFIX, type TraceRequest } from '#workload/traces/trace.js';
import type { PlannedPool, Slo } from './candidates.js';
import { verifyPool } from './verify.js';

/** What becomes of a fleet when something changes. */
export interface Stress {
  readonly change: string;
  readonly kind: 'rate' | 'replica' | 'drift';
  readonly holds: boolean;
  /** Null when a pool has nothing left to answer with. */
  readonly p99_ttft_ms: Milliseconds | null;
  readonly tpot_ms: Milliseconds | null;
}

const RATES = [1.1, 1.25, 1.5, 2] as const;
const AGENT_SHARES = [0.02, 0.05, 0.1, 0.25, 0.5] as const;

/**
 * Plays one arrival pattern against a fleet at other rates, with a replica of each pool down, and with some of its requests in place of agents' (the
 * synthetic agent distribution of published planners, requests longer than the engines' window left as they were). Rates and shares end with the
 * first that breaks.
 */
export function stress(
  pools: readonly PlannedPool[],
  pattern: readonly TraceRequest[],
  slo: Slo,
  seed: number,
): readonly Stress[] {
  const play = (
    change: string,
    kind: Stress['kind'],
    requests: readonly TraceRequest[],
    without: number | undefined,
    fleet: readonly PlannedPool[] = pools,
  ): Stress => {
    const verdicts = fleet
      .map((pool, i) => ({ ...pool, replicas: pool.replicas - (i === without ? 1 : 0) }))
      .map(pool => (pool.replicas > 0 ? verifyPool(pool, [requests], slo) : undefined));
    const whole = verdicts.every(verdict => verdict !== undefined);
    return {
      ...{ change, kind, holds: whole && verdicts.every(({ ok }) => ok) },
      p99_ttft_ms: whole ? Math.max(...verdicts.map(({ p99TtftMs }) => p99TtftMs)) : null,
      tpot_ms: whole ? Math.max(...verdicts.map(({ meanTpotMs }) => meanTpotMs)) : null,
    };
  };
  const untilItBreaks = (steps: readonly number[], at: (step: number) => Stress): readonly Stress[] => {
    const seen: Stress[] = [];
    for (const step of steps) {
      seen.push(at(step));
      if (!seen.at(-1)!.holds) break;
    }
    return seen;
  };
  const window = Math.min(...pools.map(({ kind }) => kind.profile.contextTokens));
  return [
    ...untilItBreaks(RATES, factor => play(`rate × ${factor}`, 'rate', faster(pattern, factor), undefined)),
    ...pools.map((pool, i) =>
      play(
        `one replica of ${pool.kind.profile.tensorParallel} × ${pool.kind.profile.gpu} down (pool ${i + 1})`,
        'replica',
        pattern,
        i,
      ),
    ),
    ...pools.flatMap((pool, i) => {
      const { prefill } = pool;
      if (prefill === undefined) return [];
      const left = prefill.replicas - 1;
      const { prefill: _, ...alone } = pool;
      const fewer = left === 0 ? alone : { ...pool, prefill: { ...prefill, replicas: left } };
      return [
        play(
          `one replica of ${prefill.kind.profile.tensorParallel} × ${prefill.kind.profile.gpu} that computes prompts down`,
          'replica',
          pattern,
          undefined,
          pools.map((one, at) => (at === i ? fewer : one)),
        ),
      ];
    }),
    ...untilItBreaks(AGENT_SHARES, share =>
      play(`${100 * share} % of requests from agents`, 'drift', withAgents(pattern, share, window, seed), undefined),
    ),
  ];
}

function faster(pattern: readonly TraceRequest[], factor: number): readonly TraceRequest[] {
  return pattern.map(request => ({ ...request, arrivalMs: request.arrivalMs / factor }));
}

/** The pattern with a share of its requests drawn from the agents' lengths; they share no prefix. */
function withAgents(
  pattern: readonly TraceRequest[],
  share: number,
  window: Tokens,
  seed: number,
): readonly TraceRequest[] {
  const random = seededRandom(seed).fork('agents');
  const cdf = findCdf('agent');
  return pattern.map(request => {
    if (random.next() >= share) return request;
    const { promptTokens, outputTokens } = drawLengths(cdf, random);
    if (promptTokens + outputTokens >= window) return request;
    return { ...request, promptTokens, outputTokens, prefix: NO_PREFIX };
  });
}
