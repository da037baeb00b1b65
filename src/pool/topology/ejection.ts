import type { Milliseconds } from '#contract/units.js';
import type { EjectionSettings } from '#pool/resilience-schema.js';

/**
 * How long one replica is rested for being worse than its peers: `for · 2^(n−1)` at its n-th ejection, at most `at_most`.
 * n starts again once it has been back for longer than `at_most`.
 */
export class Ejection {
  private until: Milliseconds = Number.NEGATIVE_INFINITY;
  private times = 0;

  /** Never ejected, or long since back: no look at the clock is needed. */
  get idle(): boolean {
    return this.until === Number.NEGATIVE_INFINITY;
  }

  active(now: Milliseconds): boolean {
    return now < this.until;
  }

  remaining(now: Milliseconds): Milliseconds {
    return Math.max(0, this.until - now);
  }

  eject(settings: EjectionSettings, now: Milliseconds): void {
    if (now - this.until > settings.at_most) this.times = 0;
    this.times += 1;
    this.until = now + Math.min(settings.at_most, settings.for * 2 ** Math.min(this.times - 1, 30));
  }

  /** When it is or was over. */
  get endsAt(): Milliseconds {
    return this.until;
  }

  /** Ends the ejection early, when every other replica is out. */
  lift(now: Milliseconds): void {
    if (this.active(now)) this.until = now;
  }
}
