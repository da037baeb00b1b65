import type { Milliseconds } from '#contract/units.js';

const FORM = /^\s*(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(\.\d{1,9})?\s*(Z|UTC|[+-]\d\d:?\d\d)?\s*$/;

/**
 * A date and time of day as ms since the Unix epoch, with whatever fraction of a ms it has; UTC where it names no zone. `Date.parse`
 * knows neither the seven digits of Azure's fractions nor, without a zone, the same time everywhere.
 */
export function parseTimestamp(text: string): Milliseconds | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const at = [Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)] as const;
  const whole = Date.UTC(...at);
  const date = new Date(whole);
  if (date.getUTCMonth() !== at[1] || date.getUTCDate() !== at[2] || at[3] > 23 || at[4] > 59 || at[5] > 60)
    return undefined;
  return whole + Number(fraction ?? 0) * 1000 - offsetMs(zone);
}

function offsetMs(zone: string | undefined): Milliseconds {
  if (zone === undefined || zone === 'Z' || zone === 'UTC') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return (zone[0] === '-' ? -minutes : minutes) * 60_000;
}
