/** Spread of x, as standard deviation over mean, below which a slope would be noise. */
const LEAST_SPREAD = 0.05;
const STEPS = 6;

/**
 * A line through a quantile of the last observations: quantile regression (Koenker and Bassett 1978) by iteratively reweighted least
 * squares, each residual r weighing q/|r| above the line and (1 − q)/|r| below it. At the median it is least absolute deviations,
 * which a quarter of wild observations hardly moves; at a low quantile it is the line of those that nothing delayed.
 *
 * Fitted again after every eighth observation, starting from the line before. A slope below zero counts as none.
 */
export class QuantileLine {
  private readonly xs: Float64Array;
  private readonly ys: Float64Array;
  /** Of one fit: weights, then residuals. */
  private readonly scratch: Float64Array;
  private next = 0;
  private size = 0;
  private unseen = 0;
  private slope = 0;
  private intercept = 0;
  private fitted = false;

  constructor(
    private readonly quantile: number,
    private readonly window = 64,
  ) {
    this.xs = new Float64Array(window);
    this.ys = new Float64Array(window);
    this.scratch = new Float64Array(window);
  }

  get count(): number {
    return this.size;
  }

  observe(x: number, y: number): void {
    if (!Number.isFinite(x) || !Number.isFinite(y)) return;
    this.xs[this.next] = x;
    this.ys[this.next] = y;
    this.next = (this.next + 1) % this.window;
    if (this.size < this.window) this.size += 1;
    this.unseen += 1;
  }

  /** `undefined` before any observation. */
  predict(x: number): number | undefined {
    if (this.size === 0) return undefined;
    this.fit();
    return this.intercept + this.slope * x;
  }

  /** Rise for each unit of x; `undefined` while the observations do not tell. */
  get rise(): number | undefined {
    if (this.size === 0) return undefined;
    this.fit();
    return this.slope > 0 ? this.slope : undefined;
  }

  reset(): void {
    this.size = 0;
    this.next = 0;
    this.unseen = 0;
    this.fitted = false;
    this.slope = 0;
    this.intercept = 0;
  }

  private fit(): void {
    // While the window fills, each observation counts for much.
    if (this.fitted && this.unseen < Math.min(8, 1 + this.size / 8)) return;
    this.unseen = 0;
    const { xs, ys, size, quantile, scratch } = this;
    for (let step = this.fitted ? 2 : 0; step < STEPS; step++) {
      let [weights, sumX, sumY] = [0, 0, 0];
      const plain = step === 0;
      for (let i = 0; i < size; i++) {
        const weight = plain ? 1 : this.weight(ys[i]! - this.intercept - this.slope * xs[i]!, ys[i]!);
        scratch[i] = weight;
        weights += weight;
        sumX += weight * xs[i]!;
        sumY += weight * ys[i]!;
      }
      const [meanX, meanY] = [sumX / weights, sumY / weights];
      let [variance, covariance] = [0, 0];
      for (let i = 0; i < size; i++) {
        const weight = scratch[i]!;
        const dx = xs[i]! - meanX;
        variance += weight * dx * dx;
        covariance += weight * dx * (ys[i]! - meanY);
      }
      const spread = Math.sqrt(variance / weights);
      const slope = spread > LEAST_SPREAD * Math.max(1, meanX) ? Math.max(0, covariance / variance) : 0;
      // The first line goes through the means, which for a low quantile is far above it: it starts from there.
      this.slope = slope;
      this.intercept = meanY - slope * meanX;
    }
    // The weights only approach the quantile: the constant part is set to it exactly.
    const rests = scratch.subarray(0, size);
    for (let i = 0; i < size; i++) rests[i] = ys[i]! - this.slope * xs[i]!;
    rests.sort();
    this.intercept = rests[Math.min(size - 1, Math.floor(quantile * size))]!;
    this.fitted = true;
  }

  private weight(residual: number, y: number): number {
    const side = residual >= 0 ? this.quantile : 1 - this.quantile;
    return side / Math.max(1e-3 * Math.abs(y), 1e-9, Math.abs(residual));
  }
}
