import type { Random } from '#contract/random.js';
import { poissonRequests } from '#fleet/simulate/arrivals.js';
import { drawLengths, type LengthCdf } from '#workload/generate/length-cdf.js';
import { NO_PREFIX, type TraceRequest } from '#workload/traces/trace.js';

/** Requests that are drawn from a distribution where nothing else is said. */
export const DRAWN = 10_000;

/** So many requests whose lengths are drawn from a distribution, and whose arrivals are a Poisson process of `rate` a second. */
export function cdfRequests(cdf: LengthCdf, count: number, rate: number, random: Random): readonly TraceRequest[] {
  const draws = random.fork('lengths');
  const drawn = Array.from({ length: count }, () => ({ ...drawLengths(cdf, draws), arrivalMs: 0, prefix: NO_PREFIX }));
  return poissonRequests(drawn, rate, random);
}
