/** Deepest nesting that is walked: deeper than any request or tool goes. */
const DEEPEST = 64;

/** A JSON value with each of its texts changed; names of members stay, and so does what lies deeper than {@link DEEPEST}. */
export function mapStrings(value: unknown, change: (text: string) => string, depth = 0): unknown {
  if (typeof value === 'string') return change(value);
  if (typeof value !== 'object' || value === null || depth >= DEEPEST) return value;
  if (Array.isArray(value)) return value.map(item => mapStrings(item, change, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings(item, change, depth + 1)]));
}
