/** Deepest nesting that is walked unless said: deeper than any answer or tool's argument goes. */
const DEEPEST = 64;

/** A JSON value with each of its texts changed; names of members stay, and so does what lies deeper than `depth`. */
export function mapStrings(value: unknown, change: (text: string) => string, depth = DEEPEST): unknown {
  if (typeof value === 'string') return change(value);
  if (typeof value !== 'object' || value === null || depth <= 0) return value;
  if (Array.isArray(value)) return value.map(item => mapStrings(item, change, depth - 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings(item, change, depth - 1)]));
}
