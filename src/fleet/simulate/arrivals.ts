import type { Random } from '#contract/random.js';
import type { TraceRequest } from '#workload/traces/trace.js';

/** The same requests in the same order, with times of a Poisson process of so many a second. */
export function poissonRequests(
  requests: readonly TraceRequest[],
  rate: number,
  random: Random,
): readonly TraceRequest[] {
  const draws = random.fork('arrivals');
  let arrivalMs = 0;
  return requests.map(request => {
    arrivalMs += draws.exponential(rate / 1000);
    return { ...request, arrivalMs };
  });
}
