import type { Rule } from './rule.js';

/** Zero-width and other characters without a picture, and those that only choose how a neighbour looks. */
const INVISIBLE =
  /\u00ad|\u034f|\u061c|[\u115f\u1160]|[\u17b4\u17b5]|[\u180b-\u180f]|[\u200b-\u200f\u2060-\u2064\u206a-\u206f]|\u3164|[\ufe00-\ufe0f]|[\ufeff\uffa0]|[\u{e0100}-\u{e01ef}]/gu;
/** One between two letters of a script that has no use for it. */
const WITHIN_WORD =
  /[a-z](?:\u034f|[\u115f\u1160]|[\u180b-\u180f]|[\u200b-\u200f\u2060-\u2064]|[\ufe00-\ufe0f]|[\ufeff\uffa0]|[\u{e0100}-\u{e01ef}])+(?=[a-z])/giu;
/** Fewer come with text that was copied from a page. */
const FEWEST = 2;

/** Words taken apart by characters that nobody sees. */
export const invisible: Rule = {
  name: 'invisible',
  beyondAscii: true,
  find(text) {
    let first: RegExpExecArray | undefined;
    let found = 0;
    for (const match of text.matchAll(WITHIN_WORD)) {
      first ??= match;
      if (++found >= FEWEST) break;
    }
    if (first === undefined || found < FEWEST) return undefined;
    return { rule: 'invisible', start: first.index, end: first.index + first[0].length, view: visible(text) };
  },
};

/** The text without characters that nobody sees. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, '');
}
