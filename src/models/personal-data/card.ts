import { byPattern, cuedBefore, type Detector, digitsOf } from './detector.js';

const CANDIDATE = /(?<![\p{L}\d.-])\d(?:[ -]?\d){11,18}(?![\p{L}\d]|[.-]\d)/gu;
const CUES = /\b(?:card|cc|visa|master ?card|amex|maestro|carte|karte|tarjeta|carta|debit|credit)\b[^\n]*$/i;

/** Leading digits and lengths of the networks' numbers (ISO/IEC 7812). */
const NETWORKS: readonly (readonly [prefix: RegExp, lengths: readonly number[]])[] = [
  [/^4/, [13, 16, 19]],
  [/^(?:5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720))/, [16]],
  [/^3[47]/, [15]],
  [/^(?:30[0-5]|3095|36|3[89])/, [14, 16, 19]],
  [/^(?:6011|64[4-9]|65|62)/, [16, 17, 18, 19]],
  [/^35(?:2[89]|[3-8])/, [16, 17, 18, 19]],
  [/^(?:1800|2131)/, [15]],
  [/^(?:5018|5020|5038|58|6304|6759|676[1-3])/, [12, 13, 14, 15, 16, 17, 18, 19]],
];

/** Payment cards: leading digits and length of a network, and Luhn's check digit; with a word for a card before it the latter alone. */
export const card: Detector = byPattern('card', CANDIDATE, (match, at, text) => {
  const digits = digitsOf(match);
  if (!luhn(digits)) return false;
  return (
    NETWORKS.some(([prefix, lengths]) => prefix.test(digits) && lengths.includes(digits.length)) ||
    cuedBefore(text, at, CUES)
  );
});

/** Luhn's check (ISO/IEC 7812-1, annex B). */
export function luhn(digits: string): boolean {
  let sum = 0;
  for (let at = digits.length - 1, twice = false; at >= 0; at--, twice = !twice) {
    let digit = digits.charCodeAt(at) - 48;
    if (twice) digit = digit > 4 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 === 0;
}
