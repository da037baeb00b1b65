import { WeirError } from '#contract/errors.js';
import { topLevelNames } from './json-text.js';

/** Nesting that no request needs: tool schemas and their arguments stay far below it, and all of it can be printed and compared. */
const MOST_DEPTH = 1024;

const QUOTE = 34;
const BACKSLASH = 92;

/**
 * Refuses deep nesting before it is parsed: 32 MB of `[` take `JSON.parse` seconds and more than a gigabyte.
 *
 * @throws WeirError `request.invalid`.
 */
export function checkDepth(text: string): void {
  // Nearly every text has too few brackets to be deep: counting them costs a fraction of telling which stand in strings.
  if (count(text, '[', count(text, '{', 0)) <= MOST_DEPTH) return;
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

/** Counts on from `so` while it is at most {@link MOST_DEPTH}. */
function count(text: string, bracket: string, so: number): number {
  let counted = so;
  for (let at = text.indexOf(bracket); at >= 0 && counted <= MOST_DEPTH; at = text.indexOf(bracket, at + 1)) counted++;
  return counted;
}

function tooDeep(): WeirError {
  const hint = `at most ${MOST_DEPTH} levels`;
  return new WeirError('request.invalid', 'The body is nested too deeply', { hint });
}

/**
 * Refuses a body in which `model` or `messages` stands twice, or any member that Weir reads is spelled with escapes: parsers differ
 * in which of two counts, so an engine could answer another request than the one that was decided about.
 *
 * @param text what `JSON.parse` has accepted as an object.
 * @param escapes whether `\u` stands anywhere in it.
 * @throws WeirError `request.invalid` with the name as its path.
 */
export function checkOnce(text: string, escapes: boolean): void {
  if (!mayStandTwice(text) && !(escapes && mayBeDisguised(text))) return;
  const seen = new Set<string>();
  for (const { name, raw } of topLevelNames(text)) {
    if (!READ.has(name)) continue;
    if (raw.includes('\\')) {
      throw new WeirError('request.invalid', `The name of ${name} is spelled with escapes`, {
        path: name,
        hint: `"${name}"`,
      });
    }
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

/** Whether `"model"` or `"messages"` stands twice, be it as a string: one search for what both begin with, which is short enough to be native. */
function mayStandTwice(text: string): boolean {
  let models = 0;
  let messages = 0;
  for (let at = text.indexOf('"m'); at >= 0; at = text.indexOf('"m', at + 2)) {
    if (text.startsWith('odel"', at + 2)) models++;
    else if (text.startsWith('essages"', at + 2)) messages++;
  }
  return models > 1 || messages > 1;
}

/** Whether an escape spells an ASCII letter or `_`: what a member name in disguise needs. */
function mayBeDisguised(text: string): boolean {
  for (let at = text.indexOf('\\u00'); at >= 0; at = text.indexOf('\\u00', at + 4)) {
    const code = Number.parseInt(text.slice(at + 4, at + 6), 16);
    if (code === 0x5f || (code > 0x40 && code < 0x5b) || (code > 0x60 && code < 0x7b)) return true;
  }
  return false;
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
