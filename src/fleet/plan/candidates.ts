import type { Milliseconds, Tokens, Usd } from '#contract/units.js';
import { fewest } from '#fleet/closed-form/fewest.js';
import { sizeFleets } from '#fleet/closed-form/fleet-sizing.js';
import type { LengthMix } from '#fleet/closed-form/length-mix.js';
import { forecastPool, type PoolForecast, replicaCapacity } from '#fleet/closed-form/pool-model.js';
import type { PrefillPart, ReplicaKind } from './replica-kinds.js';

export interface Slo {
  readonly ttftP99Ms: Milliseconds;
  readonly tpotMs: Milliseconds;
}

/** One pool of a fleet: the requests of more than `above` and at most `upTo` tokens. */
export interface PlannedPool {
  readonly kind: ReplicaKind;
  readonly replicas: number;
  readonly above: Tokens;
  /** Infinite for the pool of the longest. */
  readonly upTo: Tokens;
  readonly forecast: PoolForecast;
  /** Replicas that compute its prompts; it computes them itself unless said. */
  readonly prefill?: PrefillPart;
}

export interface Candidate {
  readonly pools: readonly PlannedPool[];
  readonly usdPerHour: Usd;
}

/** An hour of a pool's replicas, those that compute its prompts included. */
export function poolPrice({ kind, replicas, prefill }: Omit<PlannedPool, 'forecast'>): Usd {
  return replicas * kind.usdPerHour + (prefill === undefined ? 0 : prefill.replicas * prefill.kind.usdPerHour);
}

const MOST_REPLICAS = 4096;
/** To 0.1 %. */
const CAPACITY_HALVINGS = 15;
/** Shares of requests at which two pools may be divided. */
const SPLITS = [0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98] as const;
/** Pools of a fleet at most. */
const MOST_POOLS = 4;
/** Requests that stand for a slice: the screen asks which fleets to play, and the twin decides. */
const SAMPLED = 48;

/**
 * Fleets that the closed form has within the SLO: for each kind one pool, for each ordered pair of kinds two pools divided at several
 * boundaries, and the cheapest division into two, three and four of whatever kinds ({@link sizeFleets}), each pool sized by itself. The cheapest first; of equal prices the one with fewer pools.
 */
export function candidates(
  mix: LengthMix,
  kinds: readonly ReplicaKind[],
  rate: number,
  arrivalCv2: number,
  slo: Slo,
): readonly Candidate[] {
  const size = poolSizer(mix, rate, arrivalCv2, slo);
  const fleets: Candidate[] = [];
  const add = (pools: readonly (PlannedPool | undefined)[]) => {
    if (pools.some(pool => pool === undefined)) return;
    const whole = pools as readonly PlannedPool[];
    fleets.push({
      pools: whole,
      usdPerHour: whole.reduce((sum, { replicas, kind }) => sum + replicas * kind.usdPerHour, 0),
    });
  };
  for (const kind of kinds) add([size(kind, 0, mix.size)]);
  for (const share of SPLITS) {
    const at = mix.upTo(mix.totals[Math.floor(share * (mix.size - 1))]!);
    if (at === 0 || at === mix.size) continue;
    const [short, long] = [kinds.map(kind => size(kind, 0, at)), kinds.map(kind => size(kind, at, mix.size))];
    for (const below of short) for (const over of long) add([below, over]);
  }
  for (const { pools } of sizeFleets(mix, kinds, rate, MOST_POOLS).slice(1)) {
    add(pools.map(({ kind, from, to }) => size(kind, from, to)));
  }
  return fleets.sort((a, b) => a.usdPerHour - b.usdPerHour || a.pools.length - b.pools.length);
}

/** Sizes a pool for a slice of the requests: as few replicas of a kind as the closed form has within the SLO. */
export type PoolSizer = (kind: ReplicaKind, from: number, to: number) => PlannedPool | undefined;

/** @param rate requests a second of the whole mix. */
export function poolSizer(mix: LengthMix, rate: number, arrivalCv2: number, slo: Slo): PoolSizer {
  return (kind, from, to) => {
    const own = kind.mix ?? mix;
    const demand = { moments: own.moments(from, to), sample: own.sample(from, to, SAMPLED) };
    const capacity = replicaCapacity(kind.profile, demand, CAPACITY_HALVINGS);
    const offered = { ...demand, rate: (rate * (to - from)) / mix.size, arrivalCv2 };
    const longest = mix.totals[to - 1]!;
    if (capacity <= 0 || longest > kind.profile.contextTokens) return undefined;
    const replicas = fewest(Math.ceil(offered.rate / capacity), MOST_REPLICAS, n => {
      const forecast = forecastPool(kind.profile, n, offered, capacity);
      return forecast !== undefined && forecast.p99TtftMs <= slo.ttftP99Ms && forecast.tpotMs <= slo.tpotMs;
    });
    if (replicas === undefined) return undefined;
    const forecast = forecastPool(kind.profile, replicas, offered, capacity)!;
    const above = from === 0 ? 0 : mix.totals[from - 1]!;
    return { kind, replicas, above, upTo: to === mix.size ? Number.POSITIVE_INFINITY : longest, forecast };
  };
}

/** The requests of a mix that a pool is for. */
export function sliceOf(mix: LengthMix, above: Tokens, upTo: Tokens): readonly [from: number, to: number] {
  return [above === 0 ? 0 : mix.upTo(above), upTo === Number.POSITIVE_INFINITY ? mix.size : mix.upTo(upTo)];
}
