import { classOf, HANGUL, PHRASED, SEPARATOR, SPACED } from './character-class.js';

/** Letters to a word where spaces stand between phrases: Thai words have three to five. */
const PHRASED_LETTERS = 4;

/**
 * Words of a text in any language: runs of letters and digits (with the apostrophes inside them) where words are spaced, Hangul
 * included; each character of Han and kana; every fourth letter of Thai, Lao, Khmer, Burmese and Tibetan.
 */
export function countWords(text: string): number {
  let words = 0;
  let phrased = 0;
  let inWord = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    const code = unit >= 0xd800 && unit <= 0xdbff ? (text.codePointAt(at) ?? 0) : unit;
    if (code > 0xffff) at++;
    const kind = classOf(code);
    if (kind === SPACED || kind === HANGUL) {
      if (!inWord) words++;
      inWord = true;
    } else if (kind === SEPARATOR) {
      inWord = inWord && isApostrophe(code);
    } else {
      if (kind === PHRASED) phrased++;
      else words++;
      inWord = false;
    }
  }
  return words + Math.ceil(phrased / PHRASED_LETTERS);
}

function isApostrophe(code: number): boolean {
  return code === 0x27 || code === 0x2019;
}
