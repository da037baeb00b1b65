import type { Milliseconds } from '#contract/units.js';

/** Each with how many of it there must be: 100 s are read more easily than 1.67 min. */
const UNITS = [
  ['h', 3_600_000, 2],
  ['min', 60_000, 2],
  ['s', 1000, 1],
  ['ms', 1, 0],
] as const;

/** A time for people, to three digits in the unit that suits it: `9.41 ms`, `403 ms`, `74.7 s`, `2.5 min`. */
export function timeText(ms: Milliseconds): string {
  if (!Number.isFinite(ms)) return ms > 0 ? 'forever' : `${ms}`;
  if (ms === 0) return '0 s';
  const size = Math.abs(ms);
  // By its rounded size, so that 999.7 ms are 1 s and not 1000 ms.
  const [unit, of] = UNITS.find(([, one, least]) => Number((size / one).toPrecision(3)) >= least) ?? ['ms', 1];
  return `${Number((ms / of).toPrecision(3))} ${unit}`;
}

/** A difference of times: as {@link timeText}, with its sign. */
export function timeChange(ms: Milliseconds): string {
  return `${ms > 0 ? '+' : ''}${timeText(ms)}`;
}

/** The bounds of an interval of times that cannot be negative. */
export function timeRange([low, high]: readonly [low: Milliseconds, high: Milliseconds]): string {
  return `${timeText(Math.max(0, low))} to ${timeText(high)}`;
}

/** The unit for an axis of times up to `most`. */
export function timeAxis(most: Milliseconds): { readonly unit: string; readonly of: (ms: Milliseconds) => number } {
  return most < 10_000 ? { unit: 'ms', of: ms => ms } : { unit: 's', of: ms => ms / 1000 };
}
