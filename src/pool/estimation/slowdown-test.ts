/** The slowdown that is looked for, as a shift of the logarithm of time to first token: twice as long. */
const SHIFT = Math.LN2;
/** Residuals that scatter less are treated as if they scattered so much. */
const LEAST_DEVIATION = 0.5;
/** Evidence that one request can give, either way: a single wild one must not decide. */
const MOST_EVIDENCE = 2.5;
/** Evidence that decides. */
const THRESHOLD = 9.5;
/** Weight of a new residual in the mean deviation, and how many are seen before it counts. */
const ALPHA = 0.01;
const ENOUGH = 16;
/** Standard over mean absolute deviation of a normal variable, less the error that an estimate from a hundred has upwards. */
const NORMAL = 1.2533 * 0.93;

/**
 * Page's CUSUM (1954) on the log-likelihood ratio of "twice as slow" against "as its peers":
 *
 *     S ← max(0, S + clamp(Δ/σ² · (r − Δ/2), ±2.5)),   alarm at S > 9.5
 *
 * with r = ln(TTFT / expected), Δ = ln 2 and σ the deviation of r where that is above 0.5, else 0.5. After an alarm the same sum runs the
 * other way and lifts it. At σ ≤ 0.5 that is less than one false alarm in 100,000 requests, and half of slowdowns by 2 are found
 * within 11 (`node bench/estimation.mjs`); where residuals scatter more, it takes longer instead of crying wolf.
 */
export class SlowdownTest {
  slow = false;
  private evidence = 0;
  private deviation = 0;
  private count = 0;

  /** Takes the logarithm of observed over expected time. @returns whether the verdict changed. */
  observe(residual: number): boolean {
    if (!Number.isFinite(residual)) return false;
    const sigma = Math.max(LEAST_DEVIATION, this.count < ENOUGH ? 0 : NORMAL * this.deviation);
    const ratio = (SHIFT / (sigma * sigma)) * (residual - SHIFT / 2);
    const gained = Math.min(MOST_EVIDENCE, Math.max(-MOST_EVIDENCE, this.slow ? -ratio : ratio));
    this.evidence = Math.max(0, this.evidence + gained);
    // How far it lies from where the verdict has it, so that a slowdown found does not count as scatter.
    const off = Math.abs(residual - (this.slow ? SHIFT : 0));
    this.count += 1;
    this.deviation += Math.max(ALPHA, 1 / this.count) * (off - this.deviation);
    if (this.evidence <= THRESHOLD) return false;
    this.evidence = 0;
    this.slow = !this.slow;
    return true;
  }

  reset(): void {
    this.slow = false;
    this.evidence = 0;
    this.deviation = 0;
    this.count = 0;
  }
}
