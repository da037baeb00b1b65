const BEYOND_ASCII = /[\u0080-\uffff]/;
/** Full-width Latin, half-width kana and Hangul: the same letters in another width. */
const OTHER_WIDTHS = /[\uff01-\uffee]+/g;
/** What lower case alone leaves apart: the sharp s, the final sigma, the long s, and the dot that a Turkish capital I leaves behind. */
const LEFT_APART = /[ßςſ]|i\u0307/g;
const TOGETHER: Readonly<Record<string, string>> = { ß: 'ss', ς: 'σ', ſ: 's', 'i\u0307': 'i' };

/**
 * Text in the form in which it is compared: one case (`STRASSE`, `straße` and `Straße` are equal), one width, accents composed. At
 * most three times as long as it was, whatever it holds; the same length for ASCII.
 */
export function folded(text: string): string {
  if (!BEYOND_ASCII.test(text)) return text.toLowerCase();
  return text
    .replace(OTHER_WIDTHS, run => run.normalize('NFKC'))
    .toLowerCase()
    .replace(LEFT_APART, one => TOGETHER[one] ?? one)
    .normalize('NFC');
}
