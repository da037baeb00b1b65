/** What a character is to words. */
export type CharacterClass = typeof SEPARATOR | typeof SPACED | typeof IDEOGRAPH | typeof HANGUL | typeof PHRASED;

/** No part of a word. */
export const SEPARATOR = 0;
/** Of a script with spaces between words: letters, digits, marks and the underscore. */
export const SPACED = 1;
/** Han, kana, Bopomofo: no spaces, and a character says about as much as a word. */
export const IDEOGRAPH = 2;
/** Written with spaces, but particles join on to the word. */
export const HANGUL = 3;
/** Thai, Lao, Khmer, Burmese, Tibetan: spaces stand between phrases, and words are several letters long. */
export const PHRASED = 4;

const IS_IDEOGRAPH = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}ー]/u;
const IS_HANGUL = /\p{Script=Hangul}/u;
const IS_PHRASED = /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}]/u;
const IN_WORDS = /[\p{L}\p{N}\p{M}_]/u;

/** Classes by pages of 256 characters, each made on first use: looking up is then one step, and all of Unicode is 1.1 MB. */
const PAGES: (Uint8Array | undefined)[] = new Array<Uint8Array | undefined>(0x1100).fill(undefined);

/** The class of a code point. */
export function classOf(code: number): CharacterClass {
  const page = PAGES[code >> 8] ?? pageOf(code >> 8);
  return page[code & 255] as CharacterClass;
}

function pageOf(index: number): Uint8Array {
  const page = new Uint8Array(256);
  for (let low = 0; low < 256; low++) page[low] = computed(String.fromCodePoint(index * 256 + low));
  PAGES[index] = page;
  return page;
}

function computed(character: string): CharacterClass {
  if (!IN_WORDS.test(character)) return SEPARATOR;
  if (IS_IDEOGRAPH.test(character)) return IDEOGRAPH;
  if (IS_HANGUL.test(character)) return HANGUL;
  return IS_PHRASED.test(character) ? PHRASED : SPACED;
}
