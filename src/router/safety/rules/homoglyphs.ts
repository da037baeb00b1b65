import type { Rule } from './rule.js';

/** Letters of Cyrillic, Greek, Armenian and Latin's own corners by the Latin letters that they look like (after Unicode TS 39). */
const LOOKS_LIKE: Readonly<Record<string, string>> = {
  а: 'a',
  в: 'b',
  с: 'c',
  ԁ: 'd',
  е: 'e',
  ё: 'e',
  һ: 'h',
  і: 'i',
  ї: 'i',
  ј: 'j',
  к: 'k',
  ӏ: 'l',
  м: 'm',
  н: 'h',
  о: 'o',
  р: 'p',
  ԛ: 'q',
  ѕ: 's',
  т: 't',
  у: 'y',
  ѵ: 'v',
  ԝ: 'w',
  х: 'x',
  ү: 'y',
  г: 'r',
  п: 'n',
  А: 'A',
  В: 'B',
  С: 'C',
  Е: 'E',
  Н: 'H',
  І: 'I',
  Ј: 'J',
  К: 'K',
  М: 'M',
  О: 'O',
  Р: 'P',
  Ѕ: 'S',
  Т: 'T',
  У: 'Y',
  Х: 'X',
  Ԛ: 'Q',
  Ԝ: 'W',
  α: 'a',
  β: 'b',
  ε: 'e',
  η: 'n',
  ι: 'i',
  κ: 'k',
  ν: 'v',
  ο: 'o',
  ρ: 'p',
  σ: 'o',
  τ: 't',
  υ: 'u',
  χ: 'x',
  ω: 'w',
  γ: 'y',
  Α: 'A',
  Β: 'B',
  Ε: 'E',
  Ζ: 'Z',
  Η: 'H',
  Ι: 'I',
  Κ: 'K',
  Μ: 'M',
  Ν: 'N',
  Ο: 'O',
  Ρ: 'P',
  Τ: 'T',
  Υ: 'Y',
  Χ: 'X',
  օ: 'o',
  ո: 'n',
  ս: 'u',
  հ: 'h',
  ց: 'g',
  ı: 'i',
  ɑ: 'a',
  ɡ: 'g',
  ɩ: 'i',
  ʀ: 'R',
  ɴ: 'N',
  ᴀ: 'A',
  ᴇ: 'E',
};
const LETTERS = Object.keys(LOOKS_LIKE).join('');
const FOREIGN = new RegExp(`[${LETTERS}]`, 'gu');
const WORD = /[\p{L}\p{M}]+/gu;
const LATIN = /[a-z]/i;
/** Letters in circles, squares, double strokes, full width: Unicode's own compatibility forms of Latin. */
const DRESSED = /[\uff21-\uff3a\uff41-\uff5a\u{1d400}-\u{1d7ff}\u{1f130}-\u{1f189}\u24b6-\u24e9]{3,}/u;

/** Latin words with letters of another alphabet that look the same, or in Unicode's dressed-up alphabets. */
export const homoglyphs: Rule = {
  name: 'homoglyphs',
  beyondAscii: true,
  find(text) {
    let [start, end] = [-1, -1];
    const dressed = DRESSED.exec(text);
    if (dressed !== null) [start, end] = [dressed.index, dressed.index + dressed[0].length];
    const plain = text.normalize('NFKC');
    // Nearly every text: none of its letters looks like another one.
    if (start < 0 && plain.search(FOREIGN) < 0) return undefined;
    const view = plain.replace(WORD, (word, at: number) => {
      if (!LATIN.test(word) || word.search(FOREIGN) < 0) return word;
      if (start < 0) [start, end] = text.startsWith(word, at) ? [at, at + word.length] : [0, text.length];
      return word.replace(FOREIGN, letter => LOOKS_LIKE[letter] ?? letter);
    });
    return start < 0 ? undefined : { rule: 'homoglyphs', start, end, view };
  },
};
