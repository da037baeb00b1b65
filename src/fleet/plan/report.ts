import type { Milliseconds, Tokens, Usd } from '#contract/units.js';
import { meanInterval } from '#fleet/what-if/student.js';
import { CONFIDENCE } from '#fleet/what-if/what-if.js';
import type { PriceQuote } from '#pool/engine/catalogue/schema.js';
import type { KvPrecision, WeightPrecision } from '#pool/engine/precision.js';
import type { BudgetAnswer } from './budget.js';
import type { Buying } from './buying.js';
import type { KindTiers, TierSize } from './memory-tiers.js';
import type { OverTime } from './over-time.js';
import type { PowerCut } from './power-cuts.js';
import type { PrefillPart } from './replica-kinds.js';
import type { SettledPool } from './settle.js';
import type { Stress } from './stress.js';
import type { TierEffect } from './tier-effects.js';
import type { CacheVerdict } from './verify.js';

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
  /** Share of prompt tokens found in prefix caches of any tier of these replicas. */
  readonly prefix_hit_rate: number;
  /** Memory behind its GPUs; null where it has none. */
  readonly tiers: TiersReport | null;
  /** Replicas that compute its prompts; null where it does that itself. */
  readonly prefill: PrefillReport | null;
  /** With one replica less; null where that was not played. */
  readonly one_fewer: {
    readonly holds: boolean;
    readonly p99_ttft_ms: Milliseconds;
    readonly tpot_ms: Milliseconds;
  } | null;
}

/** KV behind the GPUs of a pool's replicas, and what is read from there. */
export interface TiersReport {
  /** Gigabytes beside each GPU, and gigabytes a second that it reads of them. */
  readonly host: { readonly gb: number; readonly link: number };
  readonly disk: { readonly gb: number; readonly link: number } | null;
  /** Of all prompt tokens, those read from there. */
  readonly host_hit_rate: number;
  readonly disk_hit_rate: number;
  /** What reading takes a request, in the mean over all, and the share of busy time in which engines waited for it. */
  readonly read_ms: Milliseconds;
  readonly stalled: number;
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
  /** Share of the tokens of prompts sent there that their caches held. */
  readonly prefix_hit_rate: number;
  /** Memory behind its GPUs; null where it has none. */
  readonly tiers: TiersReport | null;
}

export interface PlanReport {
  /** Null when no fleet tried holds the SLO in the twin. */
  readonly best: FleetReport | null;
  /** What a budget carries, where one was given; the plan is of that rate. */
  readonly budget: BudgetAnswer | null;
  /** Why so many, and why so divided. */
  readonly why: readonly string[];
  /** The next dearer fleet that held, of other GPUs or otherwise divided. */
  readonly next: { readonly fleet: FleetReport; readonly usd_per_hour_more: Usd; readonly share_more: number } | null;
  /** Verified fleets that no other beats in price, P99 TTFT, TPOT and tokens a joule at once, the cheapest first. */
  readonly pareto: readonly FleetReport[];
  /** What the memory behind the GPUs brings; null unless asked for. */
  readonly tiers: readonly TierEffect[] | null;
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
  readonly weights: WeightPrecision;
  readonly kv_cache: KvPrecision;
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
        prefix_hit_rate: verdict.caches.hitRate,
        tiers: kind.tiers === undefined ? null : tiersReport(kind.tiers, verdict.caches),
        prefill: prefill === undefined ? null : prefillReport(prefill, verdict.promptCaches),
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

function tiersReport({ wish: { host, disk } }: KindTiers, caches: CacheVerdict): TiersReport {
  const told = ({ bytes, link }: TierSize) => ({ gb: bytes / 1e9, link });
  return {
    ...{ host: told(host), disk: disk === undefined ? null : told(disk) },
    ...{ host_hit_rate: caches.hostHitRate, disk_hit_rate: caches.diskHitRate },
    ...{ read_ms: caches.readMs, stalled: caches.stalled },
  };
}

function prefillReport({ kind, replicas, link }: PrefillPart, caches: CacheVerdict | undefined): PrefillReport {
  const { gpu, tensorParallel: tp } = kind.profile;
  return {
    ...{ gpu, tp, replicas, gpus: replicas * tp, link, usd_per_hour: replicas * kind.usdPerHour, price: kind.price },
    prefix_hit_rate: caches?.hitRate ?? 0,
    tiers: kind.tiers === undefined || caches === undefined ? null : tiersReport(kind.tiers, caches),
  };
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
