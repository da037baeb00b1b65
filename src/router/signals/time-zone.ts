import type { Milliseconds } from '#contract/units.js';

const MINUTE = 60_000;
/** Every change of every zone's offset falls on a quarter of an hour, UTC. */
const QUARTER = 15 * MINUTE;
export const MINUTES_PER_DAY = 1_440;
const DAYS_PER_WEEK = 7;
/** 1 January 1970 was a Thursday: days counted from Monday. */
const EPOCH_WEEKDAY = 3;

/** Names that `Intl` takes beside those that it lists. */
const ALSO = ['UTC', 'GMT'];

/** The zones there are, by their names in the IANA database. */
export function zoneNames(): readonly string[] {
  return [...Intl.supportedValuesOf('timeZone'), ...ALSO];
}

/** Whether it names a zone, as the IANA database or one of its older names does. Offsets such as `+02:00` are none. */
export function isZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** What clocks on the wall of a zone show. */
export class ZoneTime {
  private readonly format: Intl.DateTimeFormat;
  private quarter = Number.NaN;
  private offset: Milliseconds = 0;
  private day = 0;
  private minute = 0;

  /** @throws RangeError for what {@link isZone} says is no zone. */
  constructor(zone: string) {
    this.format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** Sets weekday and minute to what they are at `wall`, in ms since the Unix epoch. */
  at(wall: Milliseconds): void {
    const quarter = Math.floor(wall / QUARTER);
    if (quarter !== this.quarter) {
      this.offset = this.offsetAt(wall);
      this.quarter = quarter;
    }
    const minutes = Math.floor((wall + this.offset) / MINUTE);
    this.minute = modulo(minutes, MINUTES_PER_DAY);
    this.day = modulo(Math.floor(minutes / MINUTES_PER_DAY) + EPOCH_WEEKDAY, DAYS_PER_WEEK);
  }

  /** 0 Monday … 6 Sunday. */
  get weekday(): number {
    return this.day;
  }

  /** Minutes since midnight, as clocks show them: on the day that an hour is skipped or repeated not the minutes gone by. */
  get minuteOfDay(): number {
    return this.minute;
  }

  private offsetAt(wall: Milliseconds): Milliseconds {
    const shown: Record<string, number> = {};
    for (const { type, value } of this.format.formatToParts(wall)) shown[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = shown;
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(wall / 1_000) * 1_000;
  }
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
