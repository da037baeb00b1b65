import type { Milliseconds, Watts } from '#contract/units.js';
import { curtail } from '#fleet/closed-form/demand-response.js';
import type { LengthMix } from '#fleet/closed-form/length-mix.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import { type PlannedPool, type Slo, sliceOf } from './candidates.js';
import { verifyPool } from './verify.js';

/** What becomes of a fleet that is told to draw less. */
export interface PowerCut {
  /** Share of what it may draw at most, every batch full, that is given up in each pool. */
  readonly share: number;
  /** Sequences that a replica of each pool may then run at once. */
  readonly max_sequences: readonly number[];
  /** All pools with every replica at its cap: the draw is never more. */
  readonly most_watts: Watts;
  /** Mean draw in the twin; null where a pool may run nothing at all. */
  readonly watts: Watts | null;
  readonly holds: boolean;
  readonly p99_ttft_ms: Milliseconds | null;
  readonly tpot_ms: Milliseconds | null;
}

const SHARES = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5] as const;
/** Requests of one play: as many as tell a P99. */
const MOST_PLAYED = 5000;

/**
 * Demand response of a fleet: for each share of its draw that is to be given up the closed form finds the most sequences that keep below it
 * ({@link curtail}), and the twin plays the fleet with them. Ends with the first share that breaks the SLO.
 * Nothing where prompts are computed on replicas of their own: what those draw is no matter of sequences.
 */
export function powerCuts(
  pools: readonly PlannedPool[],
  mix: LengthMix,
  rate: number,
  arrivalCv2: number,
  pattern: readonly TraceRequest[],
  slo: Slo,
): readonly PowerCut[] {
  if (pools.some(({ prefill }) => prefill !== undefined)) return [];
  const curtailed = pools.map(({ kind, replicas, above, upTo }) => {
    const [from, to] = sliceOf(mix, above, upTo);
    const own = kind.mix ?? mix;
    const demand = { moments: own.moments(from, to), sample: own.sample(from, to) };
    const offered = { ...demand, rate: (rate * (to - from)) / mix.size, arrivalCv2 };
    return curtail(kind.profile, replicas, offered, SHARES, 'most');
  });
  const requests = pattern.slice(0, MOST_PLAYED);
  const seen: PowerCut[] = [];
  for (const [i, share] of SHARES.entries()) {
    const cuts = curtailed.map(one => one[i]!);
    const said = {
      share,
      max_sequences: cuts.map(({ maxSequences }) => maxSequences),
      most_watts: cuts.reduce((sum, { mostWatts }) => sum + mostWatts, 0),
    };
    if (cuts.some(({ maxSequences }) => maxSequences === 0)) {
      seen.push({ ...said, watts: null, holds: false, p99_ttft_ms: null, tpot_ms: null });
      break;
    }
    const verdicts = pools.map((pool, at) => {
      const profile = { ...pool.kind.profile, maxSequences: cuts[at]!.maxSequences };
      return verifyPool({ ...pool, kind: { ...pool.kind, profile } }, [requests], slo);
    });
    const holds = verdicts.every(({ ok }) => ok);
    seen.push({
      ...said,
      watts: verdicts.reduce((sum, { joules, playedMs }) => sum + (playedMs > 0 ? (1000 * joules) / playedMs : 0), 0),
      holds,
      p99_ttft_ms: Math.max(...verdicts.map(({ p99TtftMs }) => p99TtftMs)),
      tpot_ms: Math.max(...verdicts.map(({ meanTpotMs }) => meanTpotMs)),
    });
    if (!holds) break;
  }
  return seen;
}
