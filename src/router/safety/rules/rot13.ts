import type { Rule } from './rule.js';

const WORD = /[a-z]+/gi;
/** Words that hardly any English sentence is without. None of them is another one in ROT13. */
const COMMON = new Set(
  'the and you that for are with not this have from but what all were when your can said there use how will other about out many then them these some her would make like him into time has look two more write see number way could people than first been call who its now find long down day did get come made may part how tell give me a of to in is it'.split(
    ' ',
  ),
);
/** The same words, moved. */
const MOVED = new Set([...COMMON].map(rotated));
const FEWEST = 3;
/** Beginning of a text that tells how it is written. */
const LOOKED_AT = 4096;

/** English that every letter of was moved by thirteen places. */
export const rot13: Rule = {
  name: 'rot13',
  beyondAscii: false,
  find(text) {
    const head = text.slice(0, LOOKED_AT);
    let [words, plain, turned] = [0, 0, 0];
    for (const [word] of head.toLowerCase().matchAll(WORD)) {
      words++;
      if (COMMON.has(word)) plain++;
      if (MOVED.has(word)) turned++;
    }
    if (turned < FEWEST || turned <= plain || turned < words * 0.15) return undefined;
    return { rule: 'rot13', start: 0, end: text.length, view: rotated(text) };
  },
};

/** Each letter by the one thirteen places on: its own inverse. */
export function rotated(text: string): string {
  return text.replace(/[a-z]/gi, letter => {
    const code = letter.charCodeAt(0);
    const base = code < 97 ? 65 : 97;
    return String.fromCharCode(((code - base + 13) % 26) + base);
  });
}
