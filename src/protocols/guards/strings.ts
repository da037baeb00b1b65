import { type Json, parsedObject } from '#protocols/json.js';

/** Deepest nesting that is walked unless said: deeper than any answer or tool's argument goes. */
const DEEPEST = 64;

/** A JSON value with each of its texts changed; names of members stay, and so does what lies deeper than `depth`. */
export function mapStrings(value: unknown, change: (text: string) => string, depth = DEEPEST): unknown {
  if (typeof value === 'string') return change(value);
  if (typeof value !== 'object' || value === null || depth <= 0) return value;
  if (Array.isArray(value)) return value.map(item => mapStrings(item, change, depth - 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings(item, change, depth - 1)]));
}

/**
 * Arguments that a tool is called with, as the value that their text is. @returns `undefined` for no JSON object, and for one that lies deeper than is walked:
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
