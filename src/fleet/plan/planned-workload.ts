import type { Tokens } from '#contract/units.js';
import type { LengthMix } from '#fleet/closed-form/length-mix.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import type { PlanReport, ShareOf } from './report.js';

/** Of the requests, and of their tokens, the share between two lengths. */
export function sharesOf(requests: readonly TraceRequest[]): ShareOf {
  const totals = requests.map(({ promptTokens, outputTokens }) => promptTokens + outputTokens);
  const all = totals.reduce((sum, total) => sum + total, 0);
  return (above: Tokens, upTo: Tokens) => {
    let [count, tokens] = [0, 0];
    for (const total of totals) {
      if (total <= above || total > upTo) continue;
      count++;
      tokens += total;
    }
    return { requests: count / Math.max(1, totals.length), tokens: tokens / Math.max(1, all) };
  };
}

/** Points of a distribution, and stretches of time, that a report shows. */
const SHOWN = 60;

/** Lengths at even shares of the requests. */
export function lengthsOf(mix: LengthMix): PlanReport['workload']['lengths'] {
  return Array.from({ length: SHOWN }, (_, i) => {
    const share = (i + 1) / SHOWN;
    return [mix.totals[Math.ceil(share * mix.size) - 1]!, share] as const;
  });
}

/** Requests a second over the trace, as many times as fast. */
export function rateOf(requests: readonly TraceRequest[], scale: number): PlanReport['workload']['rate_over_time'] {
  const first = requests[0]!.arrivalMs;
  const stretchMs = Math.max(1e-6, (requests.at(-1)!.arrivalMs - first) / scale / SHOWN);
  const counts = new Float64Array(SHOWN);
  for (const { arrivalMs } of requests) {
    counts[Math.min(SHOWN - 1, Math.floor((arrivalMs - first) / scale / stretchMs))]!++;
  }
  return Array.from(counts, (count, i) => [((i + 0.5) * stretchMs) / 60_000, (1000 * count) / stretchMs] as const);
}
