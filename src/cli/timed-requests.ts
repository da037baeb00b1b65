import { WeirError } from '#contract/errors.js';
import type { Random } from '#contract/random.js';
import type { Trace, TraceRequest } from '#workload/traces/trace.js';

/** The requests of a trace that says when they came. @throws WeirError `trace.unreadable` for one that does not. */
export function timedRequests(trace: Trace, file: string): readonly TraceRequest[] {
  if (trace.timed) return trace.requests;
  throw new WeirError('trace.unreadable', 'The trace does not say when its requests came.', {
    path: file,
    hint: '--rate X',
  });
}

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
