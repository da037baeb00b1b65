import { classOf, SEPARATOR } from '#router/signals/text/character-class.js';
import type { Finder } from './finder.js';

/** Ends a sentence wherever it stands. */
const ALWAYS = '。！？｡।॥۔؟።';
/** Ends one when white space or the end of the text follows, after more of the kind and closing quotes and brackets. */
const BEFORE_SPACE = '.!?…\u037e';
export const CLOSING = '"\'”’»)]*_';
const LOWER = /\p{Ll}/u;
const LETTER = /\p{L}/u;

/**
 * Sentences: what ends in a full stop, a question or an exclamation mark of any script, in a blank line, or with the text, and has a
 * letter in it. A full stop that a small letter follows ends nothing (`e.g. this`); one behind a title does (`Dr. Smith`).
 */
export class SentenceFinder implements Finder {
  end = 0;
  private text = '';

  begin(text: string): void {
    this.text = text;
    this.end = 0;
  }

  next(from: number): number {
    const { text } = this;
    let start = -1;
    let hasLetter = false;
    for (let at = from; at < text.length; at++) {
      const stop = this.stopAt(at);
      if (stop > at && hasLetter) {
        this.end = stop;
        return start;
      }
      if (stop > at) {
        start = -1;
        at = stop - 1;
      } else if (stop < at) at = -stop - 1;
      else if (!hasLetter) {
        const code = text.codePointAt(at) ?? 0;
        if (classOf(code) === SEPARATOR) continue;
        if (start < 0) start = at;
        hasLetter = code < 128 ? code > 64 && code !== 95 : LETTER.test(String.fromCodePoint(code));
      }
    }
    this.end = text.length;
    return hasLetter ? start : -1;
  }

  /**
   * Where what ends a sentence here ends itself; `at` when nothing does; less than nothing, and as far below, when marks up to there
   * end none, so that a long run of them is looked at once.
   */
  private stopAt(at: number): number {
    const { text } = this;
    const character = text.charAt(at);
    if (character === '\n') return isBlankLine(text, at + 1) ? at + 1 : at;
    if (ALWAYS.includes(character)) return runEnd(text, at, ALWAYS + BEFORE_SPACE + CLOSING);
    if (!BEFORE_SPACE.includes(character)) return at;
    const marks = runEnd(text, at, BEFORE_SPACE);
    const end = runEnd(text, marks, CLOSING);
    if (!isSpaceOrEnd(text, end)) return -marks;
    return character === '.' && end === at + 1 && LOWER.test(text.charAt(end + 1)) ? at : end;
  }
}

/** Whether white space or nothing stands here. */
export function isSpaceOrEnd(text: string, at: number): boolean {
  return at >= text.length || text.charAt(at).trim() === '';
}

/** Where a run of these characters ends. */
export function runEnd(text: string, from: number, of: string): number {
  let at = from;
  while (at < text.length && of.includes(text.charAt(at))) at++;
  return at;
}

function isBlankLine(text: string, from: number): boolean {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t' || text[at] === '\r') at++;
  return text[at] === '\n';
}
