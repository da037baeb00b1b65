import { createRequire } from 'node:module';
import type { CountryCode, PhoneNumber } from 'libphonenumber-js';
import { byPattern, cuedBefore, type Detector, digitsOf } from './detector.js';

const CANDIDATE =
  /(?<![\p{L}\d.,:/#-])(?:\+|00(?=[1-9 -])|\(?\+)?\(?\d{1,5}\)?(?:(?:[ .-]|\)[ .-]?| ?\(|[ .-]\()?\d{1,5}\)?){1,7}(?:,? ?(?:x|ext\.?) ?\d{1,6})?(?![\p{L}\d]|[.,:/-]\d)/gu;
const CUES =
  /\b(?:phone|telephone|tel|mobile|cell|fax|call(?:ing|s|ed)?|dial(?:ing)?|ring|text|sms|whatsapp|contact|reach|answer(?:ing)?|number is|messages?|desk|office|line|téléphone|telefon|teléfono|telefono|handy|rufnummer|numéro)\b[^\n\d]{0,40}\n?[^\n\d]{0,16}$/i;
/** Words by which the digits before them are something else. */
const OTHER =
  /\b(?:ssn|card|cc|account|iban|licen[cs]e|passport|zip|postcode|order|invoice|id|version|isbn|box)\b[^\n\d]{0,24}$/i;
const AFTER = /^ ?(?:\(?(?:office|mobile|fax|home|work|cell|desk)\b)/i;
/** North America's own way of writing: (579) 888-3058, 579-888-3058, 001-579-888-3058. */
const AMERICAN =
  /^(?:(?:\+?1|001)[ .-]?)?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[.-])\d{3}[.-]\d{4}(?:,? ?(?:x|ext\.?) ?\d{1,6})?$/;
/** One sign between all groups, the first of which is a trunk prefix and an area. */
const GROUPED = /^\(?0\d{1,4}\)?([ .-])\d{2,5}(?:\1\d{2,5}){0,4}$/;
/** Where a number without a country's code may be from, for what no word says to be a phone. */
const REGIONS: readonly CountryCode[] = ['GB', 'FR', 'DE', 'ES', 'IT', 'NL', 'BE', 'SE', 'AU', 'IN', 'BR'];

type Parse = (text: string, region?: CountryCode) => PhoneNumber | undefined;

/** Loaded when the first candidate is met: numbering plans of all countries, kept up to date from Google's libphonenumber. */
let parse: Parse | undefined;

function parser(): Parse {
  parse ??= (createRequire(import.meta.url)('libphonenumber-js/min') as { parsePhoneNumberFromString: Parse })
    .parsePhoneNumberFromString;
  return parse;
}

/**
 * Phone numbers: international ones by the plan of their country; others where a word says so, where they are written as America writes them, or
 * where they are grouped, begin with a 0 and are valid in a country's plan.
 */
export const phone: Detector = byPattern('phone', CANDIDATE, (match, at, text) => {
  const digits = digitsOf(match);
  if (digits.length < 7 || digits.length > 15) return false;
  if (match.startsWith('+') || match.startsWith('(+')) return parser()(match)?.isPossible() === true;
  if (cuedBefore(text, at, OTHER)) return false;
  if (AMERICAN.test(match)) return true;
  if (/^00[1-9]/.test(match)) return parser()(`+${digits.slice(2)}`)?.isPossible() === true;
  if (/^\d{4}-\d{1,2}-\d{1,2}$/.test(match) || /^\d{3}-\d{2}-\d{4}$/.test(match)) return false;
  if (cuedBefore(text, at, CUES) || AFTER.test(text.slice(at + match.length, at + match.length + 12))) return true;
  const grouped = digits.length >= 9 && GROUPED.test(match);
  return grouped && REGIONS.some(region => parser()(digits, region)?.isValid() === true);
});
