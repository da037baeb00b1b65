import type { Clock } from '#contract/clock.js';
import { WeirError } from '#contract/errors.js';
import type { Milliseconds, Tokens, Usd } from '#contract/units.js';
import { LengthMix } from '#fleet/closed-form/length-mix.js';
import { findGpu } from '#pool/engine/hardware.js';
import { findModel } from '#pool/engine/models.js';
import { engineProfile } from '#pool/engine/profile.js';
import { arrivalShape } from '#workload/shape/arrivals.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import { arrivalPatterns } from './arrival-patterns.js';
import { type Candidate, candidates, type PlannedPool, type ReplicaKind, type Slo } from './candidates.js';
import { type PoolVerdict, verifyPool } from './verify.js';

export interface PlanOptions {
  /** With times; in order of arrival. */
  readonly requests: readonly TraceRequest[];
  /** Requests a second; the trace's own unless said. */
  readonly rate?: number;
  readonly model: string;
  readonly gpus: readonly string[];
  readonly slo: Slo;
  readonly seed: number;
  readonly clock: Pick<Clock, 'now'>;
  readonly progress?: (text: string) => void;
}

export interface FleetReport {
  readonly pools: readonly {
    readonly gpu: string;
    readonly replicas: number;
    readonly gpus: number;
    readonly context: Tokens;
    /** Requests of more tokens go to the next pool; null for the last. */
    readonly boundary: Tokens | null;
    readonly utilisation: number;
    readonly p99_ttft_ms: Milliseconds;
    readonly tpot_ms: Milliseconds;
    /** What the closed form had said. */
    readonly screened_p99_ttft_ms: Milliseconds;
  }[];
  readonly usd_per_hour: Usd;
  readonly tokens_per_joule: number;
  readonly verified: {
    readonly by: 'twin';
    readonly ok: boolean;
    readonly p99_ttft_ms: Milliseconds;
    readonly tpot_ms: Milliseconds;
    readonly seeds: number;
  };
}

export interface PlanReport {
  /** Null when no fleet tried holds the SLO in the twin. */
  readonly best: FleetReport | null;
  /** Verified fleets of which none is cheaper, faster and thriftier at once, the cheapest first. */
  readonly pareto: readonly FleetReport[];
  /** What becomes of the best when something changes. */
  readonly sensitivity: readonly {
    readonly change: string;
    readonly holds: boolean;
    /** Null when a pool has nothing left to answer with. */
    readonly p99_ttft_ms: Milliseconds | null;
  }[];
  readonly model: string;
  readonly rate: number;
  readonly requests: number;
  readonly slo: { readonly ttft_p99_ms: Milliseconds; readonly tpot_ms: Milliseconds };
  readonly wall_s: number;
}

const SEEDS = 3;
/** Fleets played in the twin at most, and how far each may grow or shrink there. */
const MOST_VERIFIED = 4;
const MOST_STEPS = 6;
const TENSOR_PARALLEL = [1, 2, 4, 8] as const;
const BIG_GPU = 70e9;

/**
 * The cheapest fleet for a trace under an SLO. The closed form screens; the twin plays the cheapest of what it proposes, 3 arrival patterns
 * each, adds replicas to pools that miss and takes them from pools that hold, and only what held is reported.
 *
 * @throws WeirError `config.range` when the model fits none of the GPUs or no rate is known.
 */
export function planFleet(options: PlanOptions): PlanReport {
  const { requests, slo, model, clock, progress } = options;
  const startedAt = clock.now();
  const shape = arrivalShape(requests);
  const rate = options.rate ?? shape.rate;
  if (!(rate > 0)) throw new WeirError('config.range', 'The trace has no rate.', { path: 'rate', hint: '--rate X' });
  const kinds = kindsOf(model, options.gpus, requests);
  const mix = new LengthMix(requests);
  const proposed = candidates(mix, kinds, rate, Math.max(1, shape.interarrivalCv2), slo);
  const seeds = Array.from({ length: SEEDS }, (_, i) => options.seed + i);
  const patterns = arrivalPatterns(requests, rate / shape.rate, seeds);
  const held: { readonly fleet: Candidate; readonly verdicts: readonly PoolVerdict[] }[] = [];
  for (const [i, candidate] of distinct(proposed).slice(0, MOST_VERIFIED).entries()) {
    progress?.(`fleet ${i + 1}: ${describe(candidate)}`);
    const pools = candidate.pools.map(pool => settle(pool, patterns, slo));
    if (pools.some(pool => pool === undefined)) continue;
    const settled = pools as readonly { readonly pool: PlannedPool; readonly verdict: PoolVerdict }[];
    const usdPerHour = settled.reduce((sum, { pool }) => sum + pool.replicas * pool.kind.usdPerHour, 0);
    held.push({
      fleet: { pools: settled.map(({ pool }) => pool), usdPerHour },
      verdicts: settled.map(({ verdict }) => verdict),
    });
  }
  const reports = held
    .sort((a, b) => a.fleet.usdPerHour - b.fleet.usdPerHour || a.fleet.pools.length - b.fleet.pools.length)
    .map(({ fleet, verdicts }) => reportOf(fleet, verdicts));
  const best = held[0];
  return {
    best: reports[0] ?? null,
    pareto: reports.filter(report => !reports.some(other => dominates(other, report))),
    sensitivity: best === undefined ? [] : sensitivity(best.fleet, requests, rate / shape.rate, slo, options.seed),
    ...{ model, rate, requests: requests.length, slo: { ttft_p99_ms: slo.ttftP99Ms, tpot_ms: slo.tpotMs } },
    wall_s: (clock.now() - startedAt) / 1000,
  };
}

/** For each GPU every tensor-parallel group that holds the model and two of the longest request: a larger one is faster, a smaller one cheaper. */
function kindsOf(name: string, gpus: readonly string[], requests: readonly TraceRequest[]): readonly ReplicaKind[] {
  const model = findModel(name);
  const longest = requests.reduce((most, r) => Math.max(most, r.promptTokens + r.outputTokens), 1) + 1;
  const kinds: ReplicaKind[] = [];
  for (const gpuName of gpus) {
    const gpu = findGpu(gpuName);
    for (const tp of TENSOR_PARALLEL) {
      try {
        const maxBatchedTokens = gpu.memory >= BIG_GPU && gpu.name !== 'a100' ? 8192 : 2048;
        const profile = engineProfile({
          model,
          gpu,
          tp,
          maxBatchedTokens,
          contextTokens: Math.max(longest, model.contextTokens),
        });
        if (profile.totalBlocks * profile.blockTokens < 2 * longest) continue;
        kinds.push({ profile, usdPerHour: tp * gpu.usdPerHour });
      } catch (error) {
        if (!(error instanceof WeirError) || error.code !== 'config.range') throw error;
      }
    }
  }
  if (kinds.length > 0) return kinds;
  throw new WeirError(
    'config.range',
    `${model.name} with ${longest} tokens fits none of ${gpus.join(', ')}, up to 8 of them.`,
    {
      path: 'gpu',
    },
  );
}

/** Adds or takes replicas until the pool holds in the twin with as few as that finds; `undefined` when it never does. */
function settle(
  planned: PlannedPool,
  patterns: readonly (readonly TraceRequest[])[],
  slo: Slo,
): { readonly pool: PlannedPool; readonly verdict: PoolVerdict } | undefined {
  let pool = planned;
  let verdict = verifyPool(pool, patterns, slo);
  let step = Math.max(1, Math.round(pool.replicas / 20));
  for (let i = 0; i < MOST_STEPS && !verdict.ok; i++, step *= 2) {
    pool = { ...pool, replicas: pool.replicas + step };
    verdict = verifyPool(pool, patterns, slo);
  }
  if (!verdict.ok) return undefined;
  for (let i = 0; i < MOST_STEPS && pool.replicas > 1; i++) {
    const fewer = { ...pool, replicas: pool.replicas - 1 };
    const found = verifyPool(fewer, patterns, slo);
    if (!found.ok) break;
    pool = fewer;
    verdict = found;
  }
  return { pool, verdict };
}

/** One candidate for each way of using GPUs: the cheapest of its kind, so that what is verified differs. */
function distinct(fleets: readonly Candidate[]): readonly Candidate[] {
  const seen = new Set<string>();
  return fleets.filter(({ pools }) => {
    const key = pools.map(({ kind }) => `${kind.profile.gpu}×${kind.profile.tensorParallel}`).join('+');
    return !seen.has(key) && seen.add(key);
  });
}

function describe({ pools, usdPerHour }: Candidate): string {
  return `${pools.map(({ kind, replicas }) => `${replicas} × ${kind.profile.tensorParallel} ${kind.profile.gpu}`).join(' + ')}, $${usdPerHour.toFixed(2)}/h`;
}

function reportOf({ pools, usdPerHour }: Candidate, verdicts: readonly PoolVerdict[]): FleetReport {
  return {
    pools: pools.map(({ kind, replicas, upTo, forecast }, i) => ({
      gpu: kind.profile.gpu,
      replicas,
      gpus: replicas * kind.profile.tensorParallel,
      context: upTo === Number.POSITIVE_INFINITY ? kind.profile.contextTokens : upTo,
      boundary: upTo === Number.POSITIVE_INFINITY ? null : upTo,
      utilisation: (forecast.utilisation * forecast.replicas) / replicas,
      p99_ttft_ms: verdicts[i]!.p99TtftMs,
      tpot_ms: verdicts[i]!.meanTpotMs,
      screened_p99_ttft_ms: forecast.p99TtftMs,
    })),
    usd_per_hour: usdPerHour,
    tokens_per_joule: verdicts.reduce((sum, { tokensPerJoule }) => sum + tokensPerJoule, 0) / verdicts.length,
    verified: {
      by: 'twin',
      ok: verdicts.every(({ ok }) => ok),
      p99_ttft_ms: Math.max(...verdicts.map(({ p99TtftMs }) => p99TtftMs)),
      tpot_ms: Math.max(...verdicts.map(({ meanTpotMs }) => meanTpotMs)),
      seeds: SEEDS,
    },
  };
}

function dominates(a: FleetReport, b: FleetReport): boolean {
  const [x, y] = [a, b].map(({ usd_per_hour, verified, tokens_per_joule }) => [
    usd_per_hour,
    verified.p99_ttft_ms,
    verified.tpot_ms,
    -tokens_per_joule,
  ]) as [number[], number[]];
  return x.every((value, i) => value <= y[i]!) && x.some((value, i) => value < y[i]!);
}

function sensitivity(fleet: Candidate, requests: readonly TraceRequest[], scale: number, slo: Slo, seed: number) {
  const at = (change: string, factor: number, without: number) => {
    const patterns = arrivalPatterns(requests, scale * factor, [seed]);
    const verdicts = fleet.pools
      .map((pool, i) => ({ ...pool, replicas: pool.replicas - (i === without ? 1 : 0) }))
      .map(pool => (pool.replicas > 0 ? verifyPool(pool, patterns, slo) : undefined));
    return {
      change,
      holds: verdicts.every(verdict => verdict?.ok === true),
      p99_ttft_ms: verdicts.includes(undefined) ? null : Math.max(...verdicts.map(verdict => verdict!.p99TtftMs)),
    };
  };
  return [
    at('rate × 1.1', 1.1, -1),
    at('rate × 1.25', 1.25, -1),
    at('rate × 1.5', 1.5, -1),
    ...fleet.pools.map((pool, i) => at(`one replica of ${pool.kind.profile.gpu} down (pool ${i + 1})`, 1, i)),
  ];
}
