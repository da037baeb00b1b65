import type { Rule } from './rule.js';

const MEANS: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '8': 'b',
  '@': 'a',
  $: 's',
  '!': 'i',
  '|': 'l',
};
const SIGN = /[013457@$!|8]/g;
const WORD = /(?<![\w@$!|])[a-z0134578@$!|]{2,20}(?![\w@$!|])/gi;
/** What every such word has in it somewhere: most texts have few, so words are looked for from these. */
const SIGNED = /[013457@$|!][a-z]/gi;
const OF_WORD = /[\w@$!|]/;
const WHOLE_WORD = /^[a-z0134578@$!|]{2,20}$/i;
/** Part of a hash or an id. */
const HEX = /^[0-9a-f]{3,}$/i;
const MIXED = /[a-z]/i;
/** Letters with such signs between them: `1gn0re`, not `mp3` or `v18`. */
const LEET = /[a-z][013457@$|]+[a-z]|^[013457@$|][a-z]+[013457@$|]|^[1!][a-z]{2}.*[0-9]/i;
/** One letter at a time: `i g n o r e`. */
const SPACED = /\b[a-z](?:[ .\-_*][a-z]){3,}\b/gi;
const BETWEEN = /[ .\-_*]/g;
const FEWEST = 3;

/** Words with digits and signs in the place of letters, or with each letter apart. */
export const leetspeak: Rule = {
  name: 'leetspeak',
  beyondAscii: false,
  find(text) {
    let [start, end, found] = [-1, -1, 0];
    const note = (at: number, length: number): void => {
      if (start < 0) [start, end] = [at, at + length];
      found++;
    };
    const spelled = text.replace(SPACED, (run: string, at: number) => {
      note(at, run.length);
      found++;
      return run.replace(BETWEEN, '');
    });
    for (const [index, word] of signedWords(spelled)) {
      if (LEET.test(word) && !HEX.test(word)) note(Math.min(index, text.length - 1), word.length);
    }
    if (found < FEWEST) return undefined;
    const view = spelled.replace(WORD, word =>
      MIXED.test(word) ? word.replace(SIGN, sign => MEANS[sign] ?? sign) : word,
    );
    return { rule: 'leetspeak', start, end: Math.min(end, text.length), view };
  },
};

/** The words with a sign before a letter, and where they begin. */
function* signedWords(text: string): Iterable<readonly [number, string]> {
  let seen = 0;
  for (const { index } of text.matchAll(SIGNED)) {
    if (index < seen) continue;
    let start = index;
    while (start > seen && OF_WORD.test(text[start - 1]!)) start--;
    seen = index;
    while (seen < text.length && OF_WORD.test(text[seen]!)) seen++;
    const word = text.slice(start, seen);
    if (WHOLE_WORD.test(word)) yield [start, word];
  }
}
