import type { Milliseconds } from '#contract/units.js';

/** A date and time with its offset from UTC: without one it would mean something else on every machine. */
const ISO = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:?\d\d)$/;
const OFFSET_WITHOUT_COLON = /([+-]\d\d)(\d\d)$/;
const SECONDS = /^\d{9,10}(?:\.\d{1,6})?$/;
const MILLISECONDS = /^\d{12,13}$/;

/** A point in time as programs write it: RFC 3339, or seconds or milliseconds since the Unix epoch. `undefined` for what is none. */
export function readTimestamp(text: string): Milliseconds | undefined {
  const body = text.slice(0, 64).trim();
  if (MILLISECONDS.test(body)) return Number(body);
  if (SECONDS.test(body)) return Number(body) * 1_000;
  if (!ISO.test(body)) return undefined;
  const time = Date.parse(body.replace(' ', 'T').replace(OFFSET_WITHOUT_COLON, '$1:$2').toUpperCase());
  return Number.isNaN(time) ? undefined : time;
}
