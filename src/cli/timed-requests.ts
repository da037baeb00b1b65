import { WeirError } from '#contract/errors.js';
import type { Trace, TraceRequest } from '#workload/traces/trace.js';

export { poissonRequests } from '#fleet/simulate/arrivals.js';

/** The requests of a trace that says when they came. @throws WeirError `trace.unreadable` for one that does not. */
export function timedRequests(trace: Trace, file: string): readonly TraceRequest[] {
  if (trace.timed) return trace.requests;
  throw new WeirError('trace.unreadable', 'The trace does not say when its requests came.', {
    path: file,
    hint: '--rate X',
  });
}
