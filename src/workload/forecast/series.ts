import type { Milliseconds } from '#contract/units.js';
import type { TraceRequest } from '#workload/traces/trace.js';

/** Requests of a kind in each window of time. */
export interface KindSeries {
  readonly kind: string;
  readonly requests: readonly number[];
}

/** Lengths that kinds of request are told apart by where a trace says nothing else of them: total tokens up to which one is short, and medium. */
const SHORT = 1024;
const MEDIUM = 4096;

/** The kind of a request of a trace: how long it is, and whether it goes on a conversation. */
export function kindOf({ promptTokens, outputTokens, prefix }: TraceRequest): string {
  const total = promptTokens + outputTokens;
  const length = total <= SHORT ? 'short' : total <= MEDIUM ? 'medium' : 'long';
  return prefix.hashes.length > 0 && promptTokens >= 16 * Math.max(1, outputTokens)
    ? `${length}, prefill-heavy`
    : length;
}

/** Counts requests by kind in windows of one length; the last, if it is not whole, is left out. */
export function kindSeries(requests: readonly TraceRequest[], windowMs: Milliseconds): readonly KindSeries[] {
  const first = requests[0]?.arrivalMs ?? 0;
  const windows = Math.floor(((requests.at(-1)?.arrivalMs ?? 0) - first) / windowMs);
  const kinds = new Map<string, number[]>();
  for (const request of requests) {
    const at = Math.floor((request.arrivalMs - first) / windowMs);
    if (at >= windows) continue;
    const kind = kindOf(request);
    let counts = kinds.get(kind);
    if (counts === undefined) {
      counts = new Array<number>(windows).fill(0);
      kinds.set(kind, counts);
    }
    counts[at]!++;
  }
  return [...kinds].map(([kind, counts]) => ({ kind, requests: counts })).sort((a, b) => (a.kind < b.kind ? -1 : 1));
}
