import { seededRandom } from '#contract/random.js';
import type { TraceRequest } from '#workload/traces/trace.js';

/**
 * Arrival patterns of a trace at a rate: its own times, stretched, begun at another place for each seed, so that bursts and what comes
 * together stay as they are. The first is the trace from its beginning.
 *
 * @param requests in order of arrival, at least one.
 * @param scale how many times as fast as in the trace.
 */
export function arrivalPatterns(
  requests: readonly TraceRequest[],
  scale: number,
  seeds: readonly number[],
): readonly (readonly TraceRequest[])[] {
  const first = requests[0]!.arrivalMs;
  const span = requests.at(-1)!.arrivalMs - first;
  const gap = span / Math.max(1, requests.length - 1);
  return seeds.map((seed, i) => {
    const start = i === 0 ? 0 : seededRandom(seed).below(requests.length);
    const offset = requests[start]!.arrivalMs;
    return [...requests.slice(start), ...requests.slice(0, start)].map((request, at) => {
      const wrapped =
        at < requests.length - start ? request.arrivalMs - offset : request.arrivalMs - offset + span + gap;
      return { ...request, arrivalMs: wrapped / scale };
    });
  });
}
