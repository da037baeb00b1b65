import type { Milliseconds } from '#contract/units.js';

/** Statuses with which a server says that it has too much to do, and may say for how long. */
const BUSY: ReadonlySet<number> = new Set([429, 503, 529]);

/**
 * For how long an answer asks to be left alone (RFC 9110, 10.2.3): seconds, or a date. `undefined` when it does not, or in no form that is known.
 *
 * @param wall now, as dates have it.
 */
export function retryAfterOf(status: number, header: string, wall: Milliseconds): Milliseconds | undefined {
  if (!BUSY.has(status) || header === '') return undefined;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - wall;
  return ms > 0 ? ms : undefined;
}
