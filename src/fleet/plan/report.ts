import type { Milliseconds, Tokens, Usd } from '#contract/units.js';
import { timeText } from '#fleet/time-text.js';
import { meanInterval } from '#fleet/what-if/student.js';
import { CONFIDENCE } from '#fleet/what-if/what-if.js';
import type { PriceQuote } from '#pool/engine/catalogue/schema.js';
import type { Buying } from './buying.js';
import type { Candidate, Slo } from './candidates.js';
import type { OverTime } from './over-time.js';
import type { PowerCut } from './power-cuts.js';
import type { PrefillPart } from './replica-kinds.js';
import type { SettledPool } from './settle.js';
import type { Stress } from './stress.js';

/** A fleet that held in the twin. */
export interface FleetReport {
  readonly pools: readonly PoolReport[];
  readonly usd_per_hour: Usd;
  readonly gpus: number;
  readonly tokens_per_joule: number;
  /** Mean power of all GPUs while the trace is played. */
  readonly watts: number;
  readonly verified: {
    readonly by: 'twin';
    readonly ok: boolean;
    /** Of the slowest pool, mean over patterns. */
    readonly p99_ttft_ms: Milliseconds;
    /** 95 % interval of that mean. */
    readonly p99_ttft_interval_ms: readonly [low: Milliseconds, high: Milliseconds];
    readonly tpot_ms: Milliseconds;
    readonly seeds: number;
  };
}

export interface PoolReport {
  readonly gpu: string;
  /** GPUs of a replica. */
  readonly tp: number;
  readonly replicas: number;
  readonly gpus: number;
  readonly context: Tokens;
  /** Requests of more tokens go to the next pool; null for the last. */
  readonly boundary: Tokens | null;
  readonly share_of_requests: number;
  readonly share_of_tokens: number;
  readonly utilisation: number;
  readonly p99_ttft_ms: Milliseconds;
  readonly tpot_ms: Milliseconds;
  /** What the closed form had said, for as many replicas as it proposed. */
  readonly screened_p99_ttft_ms: Milliseconds;
  readonly usd_per_hour: Usd;
  readonly price: PriceQuote;
  /** Replicas that compute its prompts; null where it does that itself. */
  readonly prefill: PrefillReport | null;
  /** With one replica less; null where that was not played. */
  readonly one_fewer: {
    readonly holds: boolean;
    readonly p99_ttft_ms: Milliseconds;
    readonly tpot_ms: Milliseconds;
  } | null;
}

export interface PrefillReport {
  readonly gpu: string;
  readonly tp: number;
  readonly replicas: number;
  readonly gpus: number;
  /** Gigabytes of KV a second into a replica that answers. */
  readonly link: number;
  readonly usd_per_hour: Usd;
  readonly price: PriceQuote;
}

export interface PlanReport {
  /** Null when no fleet tried holds the SLO in the twin. */
  readonly best: FleetReport | null;
  /** Why so many, and why so divided. */
  readonly why: readonly string[];
  /** The next dearer fleet that held, of other GPUs or otherwise divided. */
  readonly next: { readonly fleet: FleetReport; readonly usd_per_hour_more: Usd; readonly share_more: number } | null;
  /** Verified fleets that no other beats in price, P99 TTFT, TPOT and tokens a joule at once, the cheapest first. */
  readonly pareto: readonly FleetReport[];
  /** What becomes of the best when something changes. */
  readonly sensitivity: readonly Stress[];
  /** Machines to be bought so that the best has its replicas with a given probability, the cheapest provider first. */
  readonly buying: readonly Buying[];
  /** What becomes of the best when it is to draw less power. */
  readonly demand_response: readonly PowerCut[];
  /** A fleet whose replicas and boundary follow the load; null unless asked for. */
  readonly over_time: OverTime | null;
  /** Whether the closed form is more than a screen here; what is shown has passed the twin in any case. */
  readonly screen: { readonly trusted: boolean; readonly because: readonly string[] };
  /** What was planned for. */
  readonly workload: {
    /** Tokens of prompt and answer, and the share of requests that are no longer. */
    readonly lengths: readonly (readonly [tokens: Tokens, share: number])[];
    /** Minutes, and requests a second, at the rate that is planned for. */
    readonly rate_over_time: readonly (readonly [minutes: number, rate: number])[];
  };
  readonly model: string;
  readonly rate: number;
  readonly requests: number;
  readonly slo: { readonly ttft_p99_ms: Milliseconds; readonly tpot_ms: Milliseconds };
  /** Requests that the twin played, fleets and patterns together. */
  readonly requests_played: number;
  readonly wall_s: number;
}

/** A fleet whose pools all held. */
export interface SettledFleet {
  readonly pools: readonly SettledPool[];
  readonly usdPerHour: Usd;
}

/** Share of requests, and of their tokens, between two lengths. */
export type ShareOf = (above: Tokens, upTo: Tokens) => { readonly requests: number; readonly tokens: number };

export function fleetReport({ pools, usdPerHour }: SettledFleet, seeds: number, shareOf: ShareOf): FleetReport {
  const slowest = pools.reduce((worst, one) => (one.verdict.p99TtftMs > worst.verdict.p99TtftMs ? one : worst));
  const sum = (of: (pool: SettledPool) => number) => pools.reduce((total, pool) => total + of(pool), 0);
  const joules = sum(({ verdict }) => verdict.joules);
  return {
    pools: pools.map(({ pool, verdict, fewer }) => {
      const { kind, replicas, above, upTo, forecast, prefill } = pool;
      const last = upTo === Number.POSITIVE_INFINITY;
      const share = shareOf(above, upTo);
      return {
        ...{ gpu: kind.profile.gpu, tp: kind.profile.tensorParallel, replicas },
        gpus: replicas * kind.profile.tensorParallel,
        context: last ? kind.profile.contextTokens : upTo,
        boundary: last ? null : upTo,
        share_of_requests: share.requests,
        share_of_tokens: share.tokens,
        utilisation: (forecast.utilisation * forecast.replicas) / replicas,
        p99_ttft_ms: verdict.p99TtftMs,
        tpot_ms: verdict.meanTpotMs,
        screened_p99_ttft_ms: forecast.p99TtftMs,
        usd_per_hour: replicas * kind.usdPerHour,
        price: kind.price,
        prefill: prefill === undefined ? null : prefillReport(prefill),
        one_fewer:
          fewer === undefined ? null : { holds: fewer.ok, p99_ttft_ms: fewer.p99TtftMs, tpot_ms: fewer.meanTpotMs },
      };
    }),
    usd_per_hour: usdPerHour,
    gpus: sum(({ pool: { kind, replicas, prefill } }) => {
      const prompts = prefill === undefined ? 0 : prefill.replicas * prefill.kind.profile.tensorParallel;
      return replicas * kind.profile.tensorParallel + prompts;
    }),
    tokens_per_joule: joules > 0 ? sum(({ verdict }) => verdict.outputTokens) / joules : 0,
    watts: sum(({ verdict }) => (verdict.playedMs > 0 ? (1000 * verdict.joules) / verdict.playedMs : 0)),
    verified: {
      by: 'twin',
      ok: pools.every(({ verdict }) => verdict.ok),
      p99_ttft_ms: slowest.verdict.p99TtftMs,
      p99_ttft_interval_ms: meanInterval(slowest.verdict.p99TtftEachMs, CONFIDENCE).interval,
      tpot_ms: Math.max(...pools.map(({ verdict }) => verdict.meanTpotMs)),
      seeds,
    },
  };
}

function prefillReport({ kind, replicas, link }: PrefillPart): PrefillReport {
  const { gpu, tensorParallel: tp } = kind.profile;
  return { gpu, tp, replicas, gpus: replicas * tp, link, usd_per_hour: replicas * kind.usdPerHour, price: kind.price };
}

/** Those that no other is at least as good as in everything and better in something. */
export function undominated(fleets: readonly FleetReport[]): readonly FleetReport[] {
  const axes = ({ usd_per_hour, verified, tokens_per_joule }: FleetReport) => [
    ...[usd_per_hour, verified.p99_ttft_ms, verified.tpot_ms, -tokens_per_joule],
  ];
  return fleets.filter(fleet => {
    const own = axes(fleet);
    return !fleets.some(other => {
      const others = axes(other);
      return others.every((value, i) => value <= own[i]!) && others.some((value, i) => value < own[i]!);
    });
  });
}

/** `8 × (4 h100)`, pools joined by +. */
export function fleetName(
  pools: readonly Pick<PoolReport, 'replicas' | 'tp' | 'gpu' | 'boundary' | 'prefill'>[],
): string {
  return pools
    .map(
      ({ replicas, tp, gpu, boundary, prefill }) =>
        `${replicas} × ${tp} ${gpu}${boundary === null ? '' : ` up to ${boundary} tokens`}` +
        (prefill === null ? '' : `, prompts on ${prefill.replicas} × ${prefill.tp} ${prefill.gpu}`),
    )
    .join(' + ');
}

function isPlain({ pools }: FleetReport): boolean {
  return pools.length === 1 && pools[0]!.prefill === null;
}

/** The reasons for the best fleet, in numbers that the twin gave. */
export function reasons(
  best: FleetReport,
  held: readonly FleetReport[],
  proposed: readonly Candidate[],
  slo: Slo,
): readonly string[] {
  const lines: string[] = [];
  const usd = (value: number) => `$${value.toFixed(2)}/h`;
  for (const [i, pool] of best.pools.entries()) {
    const where = best.pools.length > 1 ? `pool ${i + 1}: ` : '';
    if (pool.one_fewer === null) continue;
    const { holds, p99_ttft_ms: p99, tpot_ms: tpot } = pool.one_fewer;
    const missed = [
      ...(p99 > slo.ttftP99Ms ? [`P99 TTFT would be ${timeText(p99)}`] : []),
      ...(tpot > slo.tpotMs ? [`TPOT ${timeText(tpot)}`] : []),
    ];
    lines.push(
      `${where}with ${pool.replicas - 1 === 1 ? 'one replica' : `${pool.replicas - 1} replicas`} ${missed.length > 0 ? missed.join(' and ') : holds ? 'the first arrival pattern still holds, but not all of them' : 'requests would be refused'}`,
    );
  }
  const whole = held.find(isPlain);
  const divided = held.find(({ pools }) => pools.length > 1);
  if (whole !== undefined && divided !== undefined) {
    const saved = 1 - divided.usd_per_hour / whole.usd_per_hour;
    lines.push(
      `one pool: ${usd(whole.usd_per_hour)} (${fleetName(whole.pools)}); the cheapest division that held: ${usd(divided.usd_per_hour)} (${fleetName(divided.pools)}): ` +
        (saved > 0 ? `dividing by length saves ${(100 * saved).toFixed(1)} %` : 'dividing by length saves nothing'),
    );
  } else if (divided === undefined) lines.push('no division by length that was played held at a price near this');
  const apart = held.find(({ pools }) => pools.some(({ prefill }) => prefill !== null));
  if (whole !== undefined && apart !== undefined) {
    const saved = 1 - apart.usd_per_hour / whole.usd_per_hour;
    lines.push(
      `prompts on replicas of their own: ${usd(apart.usd_per_hour)} (${fleetName(apart.pools)}): ` +
        (saved > 0 ? `that saves ${(100 * saved).toFixed(1)} %` : 'that saves nothing'),
    );
  }
  const used = new Set(best.pools.map(({ gpu }) => gpu));
  for (const gpu of new Set(proposed.flatMap(({ pools }) => pools.map(({ kind }) => kind.profile.gpu)))) {
    if (used.size === 1 && used.has(gpu)) continue;
    const other = held.find(({ pools }) => pools.every(one => one.gpu === gpu));
    const screened = proposed.find(({ pools }) => pools.every(({ kind }) => kind.profile.gpu === gpu));
    if (other !== undefined) lines.push(`${gpu} alone: ${usd(other.usd_per_hour)} (${fleetName(other.pools)})`);
    else if (screened !== undefined) {
      lines.push(`${gpu} alone: about ${usd(screened.usdPerHour)} by the closed form, so it was not played`);
    }
  }
  return lines;
}
