import { WeirError } from '#contract/errors.js';
import type { Span } from './json-text.js';

/** Nesting that no request needs: tool schemas and their arguments stay far below it. */
const MOST_DEPTH = 256;

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const BACKSLASH = 92;

/** Where the members of a JSON object stand. */
export interface Outline {
  /** Values by name: of equal names the last, which is the one that `JSON.parse` lets win. */
  readonly values: ReadonlyMap<string, Span>;
  /** Names that stand more than once. */
  readonly twice: readonly string[];
  /** Names that are spelled with escapes. */
  readonly disguised: readonly string[];
}

/**
 * Finds the members of the object that a text says, in one pass that leaps over strings; deep nesting is refused before it is
 * parsed, since 32 MB of `[` take `JSON.parse` seconds and more than a gigabyte. What it says of a text that `JSON.parse` does not
 * accept as an object means nothing.
 *
 * @throws WeirError `request.invalid` for nesting deeper than any request needs.
 */
export function outlineOf(text: string): Outline {
  const values = new Map<string, Span>();
  const twice: string[] = [];
  const disguised: string[] = [];
  let depth = 0;
  let name: string | undefined;
  let start = -1;
  let end = -1;
  const close = (): void => {
    if (name !== undefined && start >= 0) {
      if (values.has(name)) twice.push(name);
      values.set(name, { start, end });
    }
    name = undefined;
    start = -1;
  };
  const { length } = text;
  for (let at = 0; at < length; ) {
    const code = text.charCodeAt(at);
    if (code <= 32) {
      at++;
      continue;
    }
    const top = depth === 1;
    if (code === QUOTE) {
      const after = afterString(text, at);
      if (top && name === undefined) {
        const raw = text.slice(at, after);
        name = raw.slice(1, -1);
        if (name.includes('\\')) {
          name = spelled(raw);
          disguised.push(name);
        }
      } else if (top) {
        if (start < 0) start = at;
        end = after;
      }
      at = after;
      continue;
    }
    if (top && code === COMMA) close();
    else if (code === 123 || code === 91) {
      if (top && start < 0) start = at;
      if (++depth > MOST_DEPTH) throw tooDeep();
    } else if (code === 125 || code === 93) {
      if (top) close();
      depth--;
      if (depth === 1) end = at + 1;
    } else if (top && code !== COLON) {
      if (start < 0) start = at;
      end = at + 1;
    }
    at++;
  }
  return { values, twice, disguised };
}

export function tooDeep(): WeirError {
  return new WeirError('request.invalid', 'The body is nested too deeply', { hint: `at most ${MOST_DEPTH} levels` });
}

/** Behind the closing quote of the string that begins at `start`; the end of the text when it has none. */
function afterString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return at + 1;
  }
  return text.length;
}

function spelled(raw: string): string {
  try {
    return JSON.parse(raw) as string;
  } catch {
    return raw;
  }
}
