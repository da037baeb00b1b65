import type { Milliseconds, Tokens } from '#contract/units.js';
import { TARGET_UTILISATION } from '#fleet/closed-form/boundary-sweep.js';
import { LengthMix, type RequestLengths } from '#fleet/closed-form/length-mix.js';
import { forecastPool, replicaCapacity } from '#fleet/closed-form/pool-model.js';
import type { EngineProfile } from '#pool/engine/profile.js';

/** Latencies that a replica has to keep to. */
export interface LatencyBounds {
  readonly ttftP99Ms: Milliseconds;
  readonly tpotMs: Milliseconds;
}

/** What a replica carries, where that is known from, and what would give way first. */
export interface CarriedLoad {
  readonly requestsPerSecond: number;
  readonly from: 'engine model' | 'measured rates';
  readonly bound: 'latency' | 'utilisation' | 'prefill' | 'places';
}

/** To a thousandth of what it keeps up with; each takes a millisecond or two, and gateways have other things to do. */
const HALVINGS = 10;
/** Requests that percentiles are taken over. */
const SAMPLED = 64;

/**
 * Requests a second of these lengths that one replica carries by the engine model: the highest rate at which the closed form of the planner
 * ({@link forecastPool}, Poisson arrivals) keeps both bounds, by halving, and no more than {@link TARGET_UTILISATION} of what it keeps up with.
 * `undefined` where not even a lone request keeps the bounds.
 */
export function modelledCapacity(
  profile: EngineProfile,
  requests: readonly RequestLengths[],
  { ttftP99Ms, tpotMs }: LatencyBounds,
): CarriedLoad | undefined {
  const mix = new LengthMix(requests);
  const demand = { moments: mix.moments(0, mix.size), sample: mix.sample(0, mix.size, SAMPLED), arrivalCv2: 1 };
  const capacity = replicaCapacity(profile, demand);
  const most = TARGET_UTILISATION * capacity;
  const keeps = (rate: number): boolean => {
    const forecast = forecastPool(profile, 1, { ...demand, rate }, capacity);
    return forecast !== undefined && forecast.p99TtftMs <= ttftP99Ms && forecast.tpotMs <= tpotMs;
  };
  if (!(most > 0) || !Number.isFinite(most)) return undefined;
  if (keeps(most)) return { requestsPerSecond: most, from: 'engine model', bound: 'utilisation' };
  let [low, high] = [0, most];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (keeps(middle)) low = middle;
    else high = middle;
  }
  return low > 0 ? { requestsPerSecond: low, from: 'engine model', bound: 'latency' } : undefined;
}

/** Engines of one kind, that run `speed` times as fast as the real thing. */
export interface EngineKind {
  readonly profile: EngineProfile;
  readonly speed: number;
}

/** {@link modelledCapacity} of the weakest of several kinds; `undefined` where one of them does not keep the bounds with a lone request. */
export function weakestCapacity(
  kinds: readonly EngineKind[],
  requests: readonly RequestLengths[],
  { ttftP99Ms, tpotMs }: LatencyBounds,
): CarriedLoad | undefined {
  let weakest: CarriedLoad | undefined;
  for (const { profile, speed } of kinds) {
    const carried = modelledCapacity(profile, requests, { ttftP99Ms: ttftP99Ms * speed, tpotMs: tpotMs * speed });
    if (carried === undefined) return undefined;
    const requestsPerSecond = speed * carried.requestsPerSecond;
    if (weakest === undefined || requestsPerSecond < weakest.requestsPerSecond) {
      weakest = { ...carried, requestsPerSecond };
    }
  }
  return weakest;
}

/** What replicas are seen to do. */
export interface MeasuredRates {
  /** Prompt tokens a second that a replica reads. */
  readonly prefillRate: number | undefined;
  /** Time per output token after the first. */
  readonly tpotMs: Milliseconds | undefined;
  /** Requests that a replica may have at once. */
  readonly places: number;
}

/**
 * Requests a second that one replica carries by what is measured, without an engine model. With f the mean prompt tokens not found in caches, o
 * the mean answer, P the prefill rate, t the time per output token and C the places, a request holds a place for f / P + o·t (Little's law), so
 *
 *     capacity = 0.85 · min(P / f, C / (f / P + o·t)) · min(1, bound of t / t)
 *
 * The last factor is the rule of proportional autoscalers: where answers come too slowly at the load of now, less of it is carried. The tail of
 * times to first token is in no measured rate. `undefined` while a rate is not known.
 */
export function measuredCapacity(
  { prefillRate, tpotMs, places }: MeasuredRates,
  requests: readonly RequestLengths[],
  { tpotMs: bound }: LatencyBounds,
): CarriedLoad | undefined {
  if (prefillRate === undefined || tpotMs === undefined || !(prefillRate > 0) || !(tpotMs > 0)) return undefined;
  if (requests.length === 0 || !(places > 0)) return undefined;
  const mean = (of: (request: RequestLengths) => Tokens) =>
    requests.reduce((sum, request) => sum + of(request), 0) / requests.length;
  const fresh = mean(({ promptTokens, cachedTokens = 0 }) => Math.max(1, promptTokens - cachedTokens));
  const output = mean(({ outputTokens }) => Math.max(1, outputTokens));
  const reading = prefillRate / fresh;
  const holding = places / (fresh / prefillRate + (output * tpotMs) / 1000);
  const slowed = Math.min(1, bound / tpotMs);
  return {
    requestsPerSecond: TARGET_UTILISATION * Math.min(reading, holding) * slowed,
    from: 'measured rates',
    bound: slowed < 1 ? 'latency' : reading < holding ? 'prefill' : 'places',
  };
}
