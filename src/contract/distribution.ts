/** What is told of a set of measurements. All zero for an empty one. */
export interface Distribution {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** Mean and percentiles of values. A percentile q is the smallest value that at least a share q of them do not exceed. */
export function distributionOf(values: readonly number[]): Distribution {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => quantile(sorted, share);
  let sum = 0;
  for (const value of sorted) sum += value;
  return { mean: sorted.length > 0 ? sum / sorted.length : 0, p50: at(0.5), p90: at(0.9), p99: at(0.99) };
}

export function median(values: readonly number[]): number {
  return quantile(Float64Array.from(values).sort(), 0.5);
}

function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
