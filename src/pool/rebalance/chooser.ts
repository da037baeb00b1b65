import type { Milliseconds, Tokens } from '#contract/units.js';
import type { Lengths } from './length-window.js';
import { costOf, type Prediction, predict, type Speed, type Split } from './split.js';

export interface ChooserSettings {
  readonly gain: number;
  readonly patience: number;
  readonly step: number;
  readonly least: number;
  readonly rest: Milliseconds;
  readonly window: Milliseconds;
}

/** A look at how requests come: what is, what would be best within one step, and whether it is time. */
export interface Look {
  readonly now: Prediction;
  readonly best: { readonly split: Split; readonly predicted: Prediction };
  /** Looks in a row that promised enough, and how many it takes. */
  readonly streak: number;
  readonly needed: number;
  readonly due: boolean;
}

/**
 * Chooses where a pair of pools should go from where it is, with hysteresis: the step must promise more than `gain`, so many looks in a row, some
 * time after the last; turning back takes twice the patience, so that noise in the lengths moves nothing to and fro.
 */
export class Chooser {
  private streak = 0;
  private direction = 0;
  private last: { readonly at: Milliseconds; readonly direction: number } | undefined;

  constructor(
    private readonly settings: ChooserSettings,
    private readonly boundaries: readonly Tokens[],
  ) {}

  /** @param current replicas that take requests. */
  look(lengths: Lengths, current: Split, speed: Speed, now: Milliseconds): Look {
    const { gain, patience, rest, window } = this.settings;
    const before = predict(lengths, current, speed);
    let best = { split: current, predicted: before };
    for (const split of this.steps(current)) {
      const predicted = predict(lengths, split, speed);
      if (costOf(predicted) < costOf(best.predicted)) best = { split, predicted };
    }
    const direction = directionOf(current, best.split);
    const promises = direction !== 0 && costOf(best.predicted) < (1 - gain) * costOf(before);
    this.streak = promises ? (direction === this.direction ? this.streak + 1 : 1) : 0;
    this.direction = direction;
    const { last } = this;
    const turnsBack = last !== undefined && last.direction === -direction && now - last.at < window;
    const needed = turnsBack ? 2 * patience : patience;
    const due = this.streak >= needed && (last === undefined || now - last.at >= rest);
    return { now: before, best, streak: this.streak, needed, due };
  }

  /** A change has begun. */
  began(from: Split, to: Split, now: Milliseconds): void {
    this.last = { at: now, direction: directionOf(from, to) };
    this.streak = 0;
  }

  private *steps({ boundary, short, long }: Split): Iterable<Split> {
    const { step, least } = this.settings;
    for (let moved = -step; moved <= step; moved++) {
      const [left, right] = [short + moved, long - moved];
      if (moved !== 0 && (left < least || right < least)) continue;
      for (const one of new Set([boundary, ...this.boundaries])) yield { boundary: one, short: left, long: right };
    }
  }
}

/** Which way a change goes: 1 gives the short pool more replicas, or else more requests. */
function directionOf(from: Split, to: Split): number {
  return Math.sign(to.short - from.short) || Math.sign(to.boundary - from.boundary);
}
