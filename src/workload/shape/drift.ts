import type { TraceRequest } from '#workload/traces/trace.js';
import { shareUpTo } from './lengths.js';

/** How far the workload changes over the trace: its last third against its first, by number of requests. */
export interface Drift {
  /** Kolmogorov–Smirnov distance of total tokens: the largest difference of the two distribution functions. */
  readonly lengths: number;
  /** The distance that chance alone exceeds once in a hundred times, were the requests independent. */
  readonly lengthsCritical: number;
  /** Rate of the last third over that of the first; `undefined` when either has none, as in a trace without times. */
  readonly rate: number | undefined;
  /** Median prompt of the last third over that of the first. */
  readonly promptMedian: number;
  readonly outputMedian: number;
}

/** c(α) of the two-sample test at α = 0.01. */
const CRITICAL = 1.628;

/** `undefined` for fewer than 30 requests, which say nothing. */
export function driftOf(requests: readonly TraceRequest[]): Drift | undefined {
  const third = Math.floor(requests.length / 3);
  if (third < 10) return undefined;
  const [first, last] = [requests.slice(0, third), requests.slice(-third)];
  return {
    lengths: ksDistance(totals(first), totals(last)),
    lengthsCritical: CRITICAL * Math.sqrt(2 / third),
    rate: rateOf(last) > 0 && rateOf(first) > 0 ? rateOf(last) / rateOf(first) : undefined,
    promptMedian: ratio(...medians(last, first, ({ promptTokens }) => promptTokens)),
    outputMedian: ratio(...medians(last, first, ({ outputTokens }) => outputTokens)),
  };
}

/** Largest difference of the empirical distribution functions of two sets of sorted values. */
export function ksDistance(a: Float64Array, b: Float64Array): number {
  let most = 0;
  for (const values of [a, b]) {
    for (const value of values) most = Math.max(most, Math.abs(shareUpTo(a, value) - shareUpTo(b, value)));
  }
  return most;
}

function totals(requests: readonly TraceRequest[]): Float64Array {
  return Float64Array.from(requests, ({ promptTokens, outputTokens }) => promptTokens + outputTokens).sort();
}

function rateOf(requests: readonly TraceRequest[]): number {
  const span = requests.at(-1)!.arrivalMs - requests[0]!.arrivalMs;
  return span > 0 ? (requests.length - 1) / span : 0;
}

function medians(
  a: readonly TraceRequest[],
  b: readonly TraceRequest[],
  value: (request: TraceRequest) => number,
): [number, number] {
  const median = (list: readonly TraceRequest[]) => Float64Array.from(list, value).sort()[Math.floor(list.length / 2)]!;
  return [median(a), median(b)];
}

function ratio(a: number, b: number): number {
  return b > 0 ? a / b : 0;
}
