import { type Json, parsedObject } from '#protocols/json.js';

/** Deepest nesting of arguments that are read text by text: deeper than any tool's go. */
const DEEPEST = 64;

/**
 * A JSON value with each of its texts changed, however deep it lies; names of members stay.
 *
 * @throws RangeError for what is nested by the thousands: of answers that is a fault of the engine, requests are bounded before.
 */
export function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(item => mapStrings(item, change));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings(item, change)]));
}

/**
 * Arguments that a tool is called with, as the value that their text is. @returns `undefined` for no JSON object, and for one that lies deeper than that:
 * such a text is to be read as it stands.
 */
export function argumentsIn(text: string): Json | undefined {
  const value = parsedObject(text);
  return value !== undefined && isWithin(value, DEEPEST) ? value : undefined;
}

function isWithin(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every(item => isWithin(item, depth - 1));
}
