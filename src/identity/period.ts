import type { BudgetWindow } from '#contract/identity.js';
import type { Milliseconds } from '#contract/units.js';

/** From `start`, up to but without `end`: wall times. */
export interface Period {
  readonly start: Milliseconds;
  readonly end: Milliseconds;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** The zones in use: an operator's few. */
const formats = new Map<string, Intl.DateTimeFormat>();
const MAX_FORMATS = 64;

/** Whether a time zone is known to this machine. */
export function isTimeZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/** The calendar period of a window that a wall time lies in, in a time zone: daylight-saving changes make days of 23 and 25 hours. */
export function periodOf(window: BudgetWindow, timeZone: string, now: Milliseconds): Period {
  if (window === 'total') return { start: Number.NEGATIVE_INFINITY, end: Number.POSITIVE_INFINITY };
  const offset = offsetAt(timeZone, now);
  if (window === 'hour') {
    const start = Math.floor((now + offset) / HOUR) * HOUR - offset;
    return { start, end: start + HOUR };
  }
  const local = new Date(now + offset);
  const year = local.getUTCFullYear();
  const month = local.getUTCMonth();
  const day = local.getUTCDate();
  const midnight = (m: number, d: number): Milliseconds => firstInstant(timeZone, Date.UTC(year, m, d));
  if (window === 'day') return { start: midnight(month, day), end: midnight(month, day + 1) };
  if (window === 'month') return { start: midnight(month, 1), end: midnight(month + 1, 1) };
  const monday = day - ((local.getUTCDay() + 6) % 7);
  return { start: midnight(month, monday), end: midnight(month, monday + 7) };
}

/** The first instant at which the clocks of a zone show `local` (or, where they jump over it, something later). */
function firstInstant(timeZone: string, local: Milliseconds): Milliseconds {
  const before = local - offsetAt(timeZone, local - DAY);
  const after = local - offsetAt(timeZone, local + DAY);
  const [early, late] = before < after ? [before, after] : [after, before];
  if (early + offsetAt(timeZone, early) === local) return early;
  return late;
}

/** What the clocks of a zone show more than UTC. */
function offsetAt(timeZone: string, at: Milliseconds): Milliseconds {
  const fields: Record<string, number> = {};
  for (const { type, value } of formatOf(timeZone).formatToParts(at)) fields[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = fields;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  if (formats.size >= MAX_FORMATS) formats.clear();
  formats.set(timeZone, format);
  return format;
}
