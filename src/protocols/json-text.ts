/**
 * Finding and replacing top-level members in the text of a JSON object without parsing or printing the rest: what Weir does not
 * change goes on to the engine byte for byte, in the order and with the numbers that the client wrote.
 *
 * All functions expect text that `JSON.parse` has accepted as an object; on other text their answers mean nothing.
 */

/** Where a value stands: `text.slice(start, end)`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Replace `text.slice(start, end)` by `text`. */
export interface Edit extends Span {
  readonly text: string;
}

const QUOTE = 34;
const BACKSLASH = 92;
const COLON = 58;

/**
 * The span of the value of the top-level member `key`, or `undefined` when the object has none (or spells the key with escapes).
 *
 * A raw `"key"` can only be a member name or a whole string value, because quotes inside strings are escaped. So when it stands
 * once, followed by a colon, it is the member that the caller knows to exist, and nothing need be scanned.
 *
 * @param certain the caller has seen the member in the parsed object; without that knowledge the text is scanned.
 */
export function memberSpan(text: string, key: string, certain: boolean): Span | undefined {
  if (certain) {
    const quoted = `"${key}"`;
    const first = text.indexOf(quoted);
    if (first > 0 && text.charCodeAt(first - 1) !== BACKSLASH && text.indexOf(quoted, first + quoted.length) < 0) {
      const colon = skipSpace(text, first + quoted.length);
      if (text.charCodeAt(colon) === COLON) return valueSpan(text, colon + 1);
    }
  }
  return scanFor(text, key);
}

/** The spans of the elements of the array whose `[` stands at `start`. */
export function elementSpans(text: string, start: number): Span[] {
  const spans: Span[] = [];
  let at = skipSpace(text, start + 1);
  while (at < text.length && text[at] !== ']') {
    const end = skipValue(text, at);
    spans.push({ start: at, end });
    at = skipSpace(text, end);
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return spans;
}

/** Where a new first member of the object would be written: just behind its opening brace. */
export function openingOf(text: string): number {
  return skipSpace(text, 0) + 1;
}

/** Applies edits that do not overlap. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const ordered = edits.length < 2 ? edits : [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
  let out = '';
  let from = 0;
  for (const edit of ordered) {
    out += text.slice(from, edit.start) + edit.text;
    from = edit.end;
  }
  return out + text.slice(from);
}

/**
 * Applies edits that do not overlap to the bytes a text was read from, so that what is not edited is copied and never encoded anew.
 *
 * @param bytewise each character of `text` stands for one byte, so that offsets in one are offsets in the other.
 */
export function applyEditsToBytes(bytes: Buffer, text: string, edits: readonly Edit[], bytewise: boolean): Buffer {
  if (edits.length === 0) return bytes;
  const ordered = edits.length < 2 ? edits : [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
  let read = 0;
  let offset = 0;
  const byteAt = (char: number): number => {
    if (bytewise) return char;
    offset += Buffer.byteLength(text.slice(read, char));
    read = char;
    return offset;
  };
  let room = bytes.length;
  for (const edit of ordered) room += edit.text.length * 3;
  const out = Buffer.allocUnsafe(room);
  let written = 0;
  let from = 0;
  for (const edit of ordered) {
    written += bytes.copy(out, written, from, byteAt(edit.start));
    written += out.write(edit.text, written, 'utf8');
    from = byteAt(edit.end);
  }
  written += bytes.copy(out, written, from);
  return out.subarray(0, written);
}

function scanFor(text: string, key: string): Span | undefined {
  let found: Span | undefined;
  let at = skipSpace(text, openingOf(text));
  while (at < text.length && text[at] !== '}') {
    const nameEnd = skipString(text, at);
    const span = valueSpan(text, skipSpace(text, nameEnd) + 1);
    // JSON.parse lets the last of equal names win, so the last is the one that counts.
    if (JSON.parse(text.slice(at, nameEnd)) === key) found = span;
    at = skipSpace(text, span.end);
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return found;
}

function valueSpan(text: string, from: number): Span {
  const start = skipSpace(text, from);
  return { start, end: skipValue(text, start) };
}

function skipSpace(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return at;
    at++;
  }
}

function skipString(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

function skipValue(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return skipString(text, start);
  let at = start;
  let depth = 0;
  while (at < text.length) {
    switch (text[at]) {
      case '"':
        at = skipString(text, at);
        continue;
      case '{':
      case '[':
        depth++;
        break;
      case '}':
      case ']':
        // A bare value at depth 0 ends before the bracket of whatever holds it.
        if (depth === 0) return at;
        depth--;
        if (depth === 0) return at + 1;
        break;
      case ',':
      case ' ':
      case '\n':
      case '\r':
      case '\t':
        if (depth === 0) return at;
        break;
    }
    at++;
  }
  return at;
}
