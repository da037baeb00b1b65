import type { Milliseconds, Tokens } from '#contract/units.js';

const WINDOW = 64;

/** Spread of prompt lengths, as standard deviation over mean, below which a slope would be noise. */
const LEAST_SPREAD = 0.05;

/**
 * Time to first token as a line over the prompt tokens that have to be computed first: ordinary least squares over the last 64
 * requests. The slope is the inverse of the prefill rate, the intercept everything that does not grow with the prompt
 * (Chen et al., arXiv 2603.21354, opportunity 12).
 *
 * Predictions never fall below the smallest time in the window, and a slope below zero counts as none: both would be noise.
 */
export class TtftRegression {
  private readonly xs = new Float64Array(WINDOW);
  private readonly ys = new Float64Array(WINDOW);
  private next = 0;
  private size = 0;
  private stale = false;
  private slope = 0;
  private intercept = 0;
  private floor = 0;

  get count(): number {
    return this.size;
  }

  observe(tokens: Tokens, ttftMs: Milliseconds): void {
    if (!Number.isFinite(tokens) || !Number.isFinite(ttftMs) || tokens < 0 || ttftMs < 0) return;
    this.xs[this.next] = tokens;
    this.ys[this.next] = ttftMs;
    this.next = (this.next + 1) % WINDOW;
    if (this.size < WINDOW) this.size += 1;
    this.stale = true;
  }

  /** Predicted time to first token; `undefined` before any observation. */
  predict(tokens: Tokens): Milliseconds | undefined {
    if (this.size === 0) return undefined;
    if (this.stale) this.fit();
    return Math.max(this.floor, this.intercept + this.slope * tokens);
  }

  /** How much later the first token comes for each token more; `undefined` while that is not known. */
  get rise(): Milliseconds | undefined {
    if (this.size === 0) return undefined;
    if (this.stale) this.fit();
    return this.slope > 0 ? this.slope : undefined;
  }

  reset(): void {
    this.size = 0;
    this.next = 0;
    this.stale = false;
  }

  private fit(): void {
    const n = this.size;
    let meanX = 0;
    let meanY = 0;
    let floor = Number.POSITIVE_INFINITY;
    for (let i = 0; i < n; i++) {
      meanX += this.xs[i]!;
      const y = this.ys[i]!;
      meanY += y;
      if (y < floor) floor = y;
    }
    meanX /= n;
    meanY /= n;
    let varianceX = 0;
    let covariance = 0;
    for (let i = 0; i < n; i++) {
      const dx = this.xs[i]! - meanX;
      varianceX += dx * dx;
      covariance += dx * (this.ys[i]! - meanY);
    }
    const spread = Math.sqrt(varianceX / n);
    this.slope = spread > LEAST_SPREAD * Math.max(1, meanX) ? Math.max(0, covariance / varianceX) : 0;
    this.intercept = meanY - this.slope * meanX;
    this.floor = floor;
    this.stale = false;
  }
}
