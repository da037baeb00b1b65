import { WeirError } from '#contract/errors.js';
import type { Random } from '#contract/random.js';
import type { Milliseconds } from '#contract/units.js';
import { gamma } from './draws.js';

/** When things arrive. The same source of randomness gives the same arrivals. */
export interface ArrivalProcess {
  /** Until the next arrival. */
  nextGap(): Milliseconds;
}

export type ArrivalSpec =
  | { readonly kind: 'poisson' }
  /** Renewal process with Gamma gaps of this squared coefficient of variation; 1 is Poisson. */
  | { readonly kind: 'gamma'; readonly cv2: number }
  /**
   * Markov-modulated Poisson process of two states: for `share` of the time it bursts at `factor` times the mean rate, for
   * `meanMs` on average.
   */
  | { readonly kind: 'mmpp'; readonly factor: number; readonly share: number; readonly meanMs: Milliseconds }
  /**
   * Poisson process whose rate rises and falls as a day does: the mean rate · (1 + swing · sin(2πt / period)), which begins at the mean and
   * peaks after a quarter of the period.
   */
  | { readonly kind: 'diurnal'; readonly swing: number; readonly periodMs: Milliseconds };

/**
 * An arrival process of so many arrivals a second on average.
 *
 * @throws WeirError `config.range` for parameters that no process has.
 */
export function arrivalProcess(spec: ArrivalSpec, rate: number, random: Random): ArrivalProcess {
  check(rate > 0 && Number.isFinite(rate), 'rate', rate, 'a number above 0');
  const perMs = rate / 1000;
  switch (spec.kind) {
    case 'poisson':
      return { nextGap: () => random.exponential(perMs) };
    case 'gamma': {
      const { cv2 } = spec;
      check(cv2 > 0 && cv2 <= 10_000, 'cv2', cv2, 'a number above 0, at most 10000');
      return { nextGap: () => (gamma(random, 1 / cv2) * cv2) / perMs };
    }
    case 'diurnal':
      return new DiurnalPoisson(spec, perMs, random);
    default:
      return new ModulatedPoisson(spec, perMs, random);
  }
}

/** By thinning (Lewis and Shedler, 1979): arrivals at the peak's rate, each kept with the chance that the rate then has of it. */
class DiurnalPoisson implements ArrivalProcess {
  private now: Milliseconds = 0;
  private readonly peak: number;
  private readonly swing: number;
  private readonly periodMs: Milliseconds;

  constructor(
    { swing, periodMs }: Extract<ArrivalSpec, { kind: 'diurnal' }>,
    perMs: number,
    private readonly random: Random,
  ) {
    check(swing >= 0 && swing <= 1, 'swing', swing, 'a number from 0 to 1');
    check(periodMs > 0 && Number.isFinite(periodMs), 'periodMs', periodMs, 'a number above 0');
    this.swing = swing;
    this.periodMs = periodMs;
    this.peak = perMs * (1 + swing);
  }

  nextGap(): Milliseconds {
    const from = this.now;
    for (;;) {
      this.now += this.random.exponential(this.peak);
      const relative = 1 + this.swing * Math.sin((2 * Math.PI * this.now) / this.periodMs);
      if (this.random.next() * (1 + this.swing) < relative) return this.now - from;
    }
  }
}

class ModulatedPoisson implements ArrivalProcess {
  private bursting: boolean;
  /** Until the state changes. */
  private left: Milliseconds;
  private readonly rates: readonly [calm: number, burst: number];
  private readonly stays: readonly [calm: Milliseconds, burst: Milliseconds];

  constructor(
    { factor, share, meanMs }: Extract<ArrivalSpec, { kind: 'mmpp' }>,
    perMs: number,
    private readonly random: Random,
  ) {
    check(share > 0 && share < 1, 'share', share, 'a number between 0 and 1');
    check(
      factor >= 1 && factor * share <= 1,
      'factor',
      factor,
      'at least 1, and at most 1 over the share of time in bursts',
    );
    check(meanMs > 0 && Number.isFinite(meanMs), 'meanMs', meanMs, 'a number above 0');
    this.rates = [(perMs * (1 - share * factor)) / (1 - share), perMs * factor];
    this.stays = [(meanMs * (1 - share)) / share, meanMs];
    this.bursting = random.next() < share;
    this.left = this.stay();
  }

  nextGap(): Milliseconds {
    let gap = 0;
    for (;;) {
      const rate = this.rates[this.bursting ? 1 : 0];
      const next = rate > 0 ? this.random.exponential(rate) : Number.POSITIVE_INFINITY;
      if (next < this.left) {
        this.left -= next;
        return gap + next;
      }
      gap += this.left;
      this.bursting = !this.bursting;
      this.left = this.stay();
    }
  }

  private stay(): Milliseconds {
    return this.random.exponential(1 / this.stays[this.bursting ? 1 : 0]);
  }
}

function check(right: boolean, name: string, value: number, hint: string): void {
  if (!right) throw new WeirError('config.range', `${name} is ${value}.`, { path: name, hint });
}
