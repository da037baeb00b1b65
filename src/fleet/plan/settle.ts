import type { Usd } from '#contract/units.js';
import { timeText } from '#fleet/time-text.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import { type PlannedPool, poolPrice, type Slo } from './candidates.js';
import { type PoolVerdict, type PoolVerifier, poolVerifier, type SizedPool } from './verify.js';

/** A pool that held, with as few replicas as were found to. */
export interface SettledPool<Pool extends SizedPool = PlannedPool> {
  readonly pool: Pool;
  readonly verdict: PoolVerdict;
  /** What became of it with one replica less; `undefined` where there was none to take or none was tried. */
  readonly fewer: PoolVerdict | undefined;
}

/** How many times a pool is made larger, and smaller, at most. */
const MOST_STEPS = 6;
/** The same of the replicas that compute its prompts. */
const MOST_PREFILL_STEPS = 3;

/** What the first pattern may be above the SLO where the others are asked. */
const NEAR = 1.1;

export interface Settling<Pool extends SizedPool = PlannedPool> {
  /** Absent when no size that was tried held. */
  readonly pool?: SettledPool<Pool>;
  /** Requests that the twin played. */
  readonly played: number;
}

/**
 * Adds or takes replicas until the pool holds in the twin, over all patterns, with as few as that finds. The first pattern alone finds the size;
 * all of them decide, also for one replica less where the first misses by less than a tenth. Where prompts are computed on replicas of their own, that is done for their number as planned, for more until it holds, and for
 * fewer as long as that is cheaper.
 *
 * @param progress told of each number that was played.
 */
export function settle<Pool extends SizedPool>(
  planned: Pool,
  patterns: readonly (readonly TraceRequest[])[],
  slo: Slo,
  progress?: (text: string) => void,
): Settling<Pool> {
  if (planned.prefill === undefined) return settleReplicas(planned, patterns, slo, progress);
  let played = 0;
  const withPrefill = (replicas: number, below?: Usd): SettledPool<Pool> | undefined => {
    const pool = { ...planned, prefill: { ...planned.prefill!, replicas } };
    const settled = settleReplicas(pool, patterns, slo, progress, below);
    played += settled.played;
    return settled.pool;
  };
  let { replicas } = planned.prefill;
  let best = withPrefill(replicas);
  for (let i = 0; best === undefined && i < MOST_PREFILL_STEPS; i++) best = withPrefill(++replicas);
  for (let i = 0; best !== undefined && replicas > 1 && i < MOST_PREFILL_STEPS; i++) {
    const less = withPrefill(--replicas, poolPrice(best.pool));
    if (less === undefined || poolPrice(less.pool) >= poolPrice(best.pool)) break;
    best = less;
  }
  return best === undefined ? { played } : { pool: best, played };
}

/** @param below what costs as much or more is not looked for. */
function settleReplicas<Pool extends SizedPool>(
  planned: Pool,
  patterns: readonly (readonly TraceRequest[])[],
  slo: Slo,
  progress?: (text: string) => void,
  below = Number.POSITIVE_INFINITY,
): Settling<Pool> {
  const first = patterns.slice(0, 1);
  const known = new Map<string, PoolVerdict>();
  const verifiers = new Map<number, PoolVerifier>();
  let played = 0;
  const verify = (replicas: number, over: readonly (readonly TraceRequest[])[]): PoolVerdict => {
    const key = `${replicas} ${over.length}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const verifier = verifiers.get(replicas) ?? poolVerifier({ ...planned, replicas }, slo);
    verifiers.set(replicas, verifier);
    const verdict = verifier(over);
    // The first pattern is played but once.
    played += verdict.requests - (known.get(`${replicas} 1`)?.requests ?? 0);
    known.set(key, verdict);
    progress?.(attempt({ ...planned, replicas }, verdict, over.length));
    return verdict;
  };
  const step = Math.max(1, Math.round(planned.replicas / 20));
  let { replicas } = planned;
  let tried = 0;
  while (!verify(replicas, first).ok) {
    // However far it goes up, it comes back to more than what broke.
    if (tried === MOST_STEPS || poolPrice({ ...planned, replicas: replicas + 1 }) >= below) return { played };
    replicas += step * 2 ** tried++;
  }
  // Back from a step that was longer than needed, or down from a screen that was too careful.
  for (let i = 0; i < MOST_STEPS && replicas > 1 && verify(replicas - 1, first).ok; i++) replicas--;
  for (let i = 0; !verify(replicas, patterns).ok; i++) {
    if (i === MOST_STEPS) return { played };
    replicas++;
  }
  // Where the first misses by little, the mean over all may hold.
  while (replicas > 1 && nearly(verify(replicas - 1, first), slo) && verify(replicas - 1, patterns).ok) replicas--;
  const fewer =
    replicas === 1 ? undefined : (known.get(`${replicas - 1} ${patterns.length}`) ?? verify(replicas - 1, first));
  return { pool: { pool: { ...planned, replicas }, verdict: verify(replicas, patterns), fewer }, played };
}

/** Whether a pool that misses the SLO over one pattern may keep it over more. */
function nearly({ ok, rejected, p99TtftMs, meanTpotMs }: PoolVerdict, slo: Slo): boolean {
  return !ok && rejected === 0 && p99TtftMs <= NEAR * slo.ttftP99Ms && meanTpotMs <= NEAR * slo.tpotMs;
}

/** A number of replicas that was played, and what became of it. */
function attempt({ replicas, prefill }: SizedPool, verdict: PoolVerdict, patterns: number): string {
  const prompts = prefill === undefined ? '' : ` and ${prefill.replicas} for prompts`;
  const times = `P99 TTFT ${timeText(verdict.p99TtftMs)}, TPOT ${timeText(verdict.meanTpotMs)}`;
  const over = patterns === 1 ? '1 pattern' : `${patterns} patterns`;
  return `  ${replicas} replicas${prompts}, ${over}: ${times}${verdict.ok ? '' : ', breaks'}`;
}
