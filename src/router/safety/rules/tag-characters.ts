import type { Rule } from './rule.js';

/** A run of Unicode's tag characters, which mirror ASCII and have no picture; behind a black flag they name a region. */
const TAGS = /(\u{1f3f4})?([\u{e0020}-\u{e007e}]{2,}|[\u{e0020}-\u{e007e}])\u{e007f}?/gu;
const BASE = 0xe0000;

/** Text written in tag characters, which models read and people do not see. */
export const tagCharacters: Rule = {
  name: 'tag_characters',
  beyondAscii: true,
  find(text) {
    let [start, end, view] = [-1, -1, ''];
    for (const match of text.matchAll(TAGS)) {
      if (match[1] !== undefined) continue;
      if (start < 0) [start, end] = [match.index, match.index + match[0].length];
      for (const char of match[2] ?? '') view += String.fromCharCode(char.codePointAt(0)! - BASE);
    }
    return start < 0 ? undefined : { rule: 'tag_characters', start, end, view };
  },
};
