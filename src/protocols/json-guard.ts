import { isUtf8 } from 'node:buffer';
import { WeirError } from '#contract/errors.js';
import { topLevelNames } from './json-text.js';

/** Nesting that no request needs: tool schemas and their arguments stay far below it. */
const MOST_DEPTH = 256;
/** Shorter texts are parsed whatever they are: how deep they can be is bounded by their length. */
const SHORT = 4096;
/** An escape that spells an ASCII letter or `_`: what only a member name in disguise needs. */
const DISGUISED = /\\u00(?:[46][1-9a-f]|[57][0-9a]|5f)/i;

const QUOTE = 34;
const BACKSLASH = 92;

/** @throws WeirError `request.not_json` for bytes that are not UTF-8, which is what JSON is written in (RFC 8259, 8.1). */
export function checkUtf8(bytes: Buffer): void {
  if (isUtf8(bytes)) return;
  throw new WeirError('request.not_json', 'The body is not UTF-8', { hint: 'a JSON object in UTF-8' });
}

/**
 * Refuses deep nesting before it is parsed: 32 MB of `[` take `JSON.parse` seconds and more than a gigabyte.
 *
 * @throws WeirError `request.invalid`.
 */
export function checkDepth(text: string): void {
  if (text.length <= SHORT) return;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at);
        break;
      case 91: // [
      case 123: // {
        if (++depth > MOST_DEPTH) throw tooDeep();
        break;
      case 93: // ]
      case 125: // }
        depth--;
    }
  }
}

export function tooDeep(): WeirError {
  const hint = `at most ${MOST_DEPTH} levels`;
  return new WeirError('request.invalid', 'The body is nested too deeply', { hint });
}

/**
 * Refuses an object in which a member of one of these names stands twice, or is spelled with escapes: parsers differ in which of
 * two counts, so an engine could answer another request than the one that was decided about.
 *
 * @param text what `JSON.parse` has accepted as an object.
 * @throws WeirError `request.invalid` with the name as its path.
 */
export function checkOnce(text: string, names: readonly string[]): void {
  const disguised = DISGUISED.test(text);
  if (!disguised && !names.some(name => standsTwice(text, `"${name}"`))) return;
  const seen = new Set<string>();
  for (const { name, raw } of topLevelNames(text)) {
    if (raw.includes('\\') && READ.has(name)) {
      throw new WeirError('request.invalid', `The name of ${name} is spelled with escapes`, {
        path: name,
        hint: `"${name}"`,
      });
    }
    if (!READ.has(name) && !names.includes(name)) continue;
    if (seen.has(name)) throw new WeirError('request.invalid', `${name} stands twice`, { path: name, hint: 'it once' });
    seen.add(name);
  }
}

/** Members that Weir reads or changes. */
const READ: ReadonlySet<string> = new Set([
  ...[
    'model',
    'messages',
    'stream',
    'stream_options',
    'tools',
    'n',
    'user',
    'metadata',
    'cache_salt',
    'response_format',
  ],
  ...['max_tokens', 'max_completion_tokens', 'temperature', 'top_p', 'seed', 'reasoning_effort'],
]);

function standsTwice(text: string, quoted: string): boolean {
  const first = text.indexOf(quoted);
  return first >= 0 && text.indexOf(quoted, first + quoted.length) >= 0;
}

/** Where the closing quote of the string that begins at `start` stands; the end of the text when it has none. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return at;
  }
  return text.length;
}
