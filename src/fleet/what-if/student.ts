/** P(|T| ≤ t) for Student's t with a whole number of degrees of freedom: Abramowitz and Stegun 26.7.3 and 26.7.4. */
function within(t: number, freedom: number): number {
  const angle = Math.atan(t / Math.sqrt(freedom));
  const square = Math.cos(angle) ** 2;
  let term = freedom % 2 === 0 ? 1 : Math.cos(angle);
  let sum = freedom === 1 ? 0 : term;
  for (let k = freedom % 2 === 0 ? 1 : 2; k <= freedom - 3; k += 2) {
    term *= (k / (k + 1)) * square;
    sum += term;
  }
  return freedom % 2 === 0 ? Math.sin(angle) * sum : (2 / Math.PI) * (angle + Math.sin(angle) * sum);
}

/**
 * The t that Student's distribution stays within, to both sides, with probability `share`.
 *
 * @param freedom degrees of freedom, a whole number from 1.
 */
export function studentT(share: number, freedom: number): number {
  let low = 0;
  let high = 1;
  while (within(high, freedom) < share) high *= 2;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (within(middle, freedom) < share) low = middle;
    else high = middle;
  }
  return high;
}

/** Sums of the same numbers in another order differ by less than this share of them: what differs no more is the same. */
export const ROUNDING = 1e-9;

/** Mean of values that were drawn alike, and the interval that covers the true one with probability `share` (Student's t). */
export function meanInterval(
  values: readonly number[],
  share: number,
): { readonly mean: number; readonly interval: readonly [low: number, high: number] } {
  const { length } = values;
  const mean = values.reduce((sum, value) => sum + value, 0) / length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  if (length < 2) return { mean, interval: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] };
  const spread = Math.sqrt(squares / (length - 1) / length);
  const margin = spread <= ROUNDING * Math.abs(mean) ? 0 : studentT(share, length - 1) * spread;
  return { mean, interval: [mean - margin, mean + margin] };
}
