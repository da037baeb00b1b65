import { seededRandom } from '#contract/random.js';
import type { TraceRequest } from '#workload/traces/trace.js';

/**
 * Arrival patterns of a trace at a rate: its own times, stretched, begun at another place for each seed, so that bursts and what comes
 * together stay as they are. The first is the trace from its beginning. Of a trace of more than `most` requests each is a stretch of so many, the
 * first the busiest.
 *
 * @param requests in order of arrival, at least one.
 * @param scale how many times as fast as in the trace.
 */
export function arrivalPatterns(
  requests: readonly TraceRequest[],
  scale: number,
  seeds: readonly number[],
  most = Number.POSITIVE_INFINITY,
): readonly (readonly TraceRequest[])[] {
  const { length } = requests;
  const first = requests[0]!.arrivalMs;
  const span = requests.at(-1)!.arrivalMs - first;
  const gap = span / Math.max(1, length - 1);
  return seeds.map((seed, i) => {
    const start = i > 0 ? seededRandom(seed).below(length) : length > most ? busiest(requests, most) : 0;
    const offset = requests[start]!.arrivalMs;
    const begun = requests.slice(start, start + most);
    const wrapped = requests.slice(0, Math.min(start, most - begun.length));
    return [
      ...begun.map(request => ({ ...request, arrivalMs: (request.arrivalMs - offset) / scale })),
      ...wrapped.map(request => ({ ...request, arrivalMs: (request.arrivalMs - offset + span + gap) / scale })),
    ];
  });
}

/** Where the shortest stretch of so many requests begins. */
function busiest(requests: readonly TraceRequest[], count: number): number {
  let best = 0;
  let shortest = Number.POSITIVE_INFINITY;
  for (let i = 0; i + count <= requests.length; i++) {
    const time = requests[i + count - 1]!.arrivalMs - requests[i]!.arrivalMs;
    if (time < shortest) [best, shortest] = [i, time];
  }
  return best;
}
