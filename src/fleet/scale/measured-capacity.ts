import type { Milliseconds, Tokens } from '#contract/units.js';
import { TARGET_UTILISATION } from '#fleet/closed-form/boundary-sweep.js';
import type { RequestLengths } from '#fleet/closed-form/length-mix.js';
import type { CarriedLoad, LatencyBounds } from './carried-load.js';
import type { PoolCapacity } from './pool-capacity.js';

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

/** What replicas carry together of which each carries so much, however many there are. */
export function alikeEach(one: CarriedLoad): PoolCapacity {
  return { carried: replicas => ({ ...one, requestsPerSecond: replicas * one.requestsPerSecond }) };
}
