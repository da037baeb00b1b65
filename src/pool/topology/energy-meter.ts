import type { Joules, Milliseconds, Watts } from '#contract/units.js';

/**
 * The energy of a replica, shared out among the requests on it: of the watts of all its GPUs each of b requests has one b-th while
 * they are together. So what its requests are charged adds up to what the replica drew while it was busy, however they overlapped;
 * idle power is nobody's. Kept as one running integral ∫ P(b)/b dt: a request's part is the difference between its two ends.
 */
export class EnergyMeter {
  /** Energy drawn while busy. */
  joules: Joules = 0;
  private each: Joules = 0;
  private at: Milliseconds = 0;
  private sharing = 0;

  /** @param watts of all GPUs while so many requests are on the replica. */
  constructor(private readonly watts: (requests: number) => Watts) {}

  /** What one request that had been there all along would have been charged by now. */
  reading(now: Milliseconds): Joules {
    this.advance(now);
    return this.each;
  }

  /** From now on so many requests are on the replica. */
  share(requests: number, now: Milliseconds): void {
    this.advance(now);
    this.sharing = requests;
  }

  private advance(now: Milliseconds): void {
    const passed = Math.max(0, now - this.at) / 1000;
    this.at = now;
    if (this.sharing <= 0 || passed === 0) return;
    const drawn = this.watts(this.sharing) * passed;
    this.joules += drawn;
    this.each += drawn / this.sharing;
  }
}
