/**
 * A mean that forgets: the plain mean of the first observations, then exponentially weighted with `alpha`, so that the first
 * ones do not count for more than they should.
 */
export class FadingMean {
  count = 0;
  private mean = 0;

  constructor(private readonly alpha: number) {}

  /** `undefined` before any observation. */
  get value(): number | undefined {
    return this.count === 0 ? undefined : this.mean;
  }

  observe(value: number): void {
    if (!Number.isFinite(value)) return;
    this.count += 1;
    this.mean += Math.max(this.alpha, 1 / this.count) * (value - this.mean);
  }

  reset(): void {
    this.count = 0;
    this.mean = 0;
  }
}
