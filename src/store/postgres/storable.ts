/**
 * Postgres holds neither the character zero nor half a surrogate pair, in text or in JSON; requests hold both. Such a character, and
 * the sign itself, is kept as a sign of the private use area and four hexadecimal digits.
 */
const SIGN = '\u{F8FF}';

/** What JSON has in the place of such a character; a backslash of its own goes in pairs, so that what follows one is told apart. */
const UNSTORABLE = /\\(?:\\|u0000|u[dD][89a-fA-F][0-9a-fA-F]{2}|.)|\u{F8FF}/gsu;
const KEPT = /\u{F8FF}([0-9a-f]{4})/gu;

/** JSON text as `JSON.stringify` writes it, with nothing in it that Postgres refuses. */
export function storableJson(json: string): string {
  if (!/\\u(?:0000|d)|\u{F8FF}/u.test(json)) return json;
  return json.replace(UNSTORABLE, found => {
    if (found === SIGN) return `${SIGN}f8ff`;
    return /^\\u(?:0000|d)/.test(found) ? SIGN + found.slice(2) : found;
  });
}

/** The JSON text that {@link storableJson} was given, or one that means the same. */
export function restoredJson(stored: string): string {
  return stored.includes(SIGN) ? stored.replace(KEPT, '\\u$1') : stored;
}

/** A text as it stands in the database. */
export function storableText(text: string): string {
  return JSON.parse(storableJson(JSON.stringify(text))) as string;
}
