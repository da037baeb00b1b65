import type { Detector, Found } from './detector.js';

const MONTH =
  '(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|' +
  'janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre|' +
  'januar|februar|märz|juni|juli|oktober|dezember|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre)';
const DAY = '(?:mon|tues|wednes|thurs|fri|satur|sun)day';
const TIME = '(?:[T ]\\d{1,2}:\\d{2}(?::\\d{2}(?:\\.\\d{1,6})?)?(?:Z|[+-]\\d{2}:?\\d{2})?)?';
const PATTERNS = [
  `(?<![\\d.-])(?:19|20)\\d{2}-\\d{1,2}-\\d{1,2}${TIME}(?![\\d-])`,
  '(?<![\\d/.])\\d{1,2}/\\d{1,2}/(?:19|20)?\\d{2}(?![\\d/])',
  '(?<![\\d.])\\d{1,2}\\.\\d{1,2}\\.(?:19|20)\\d{2}(?![\\d.])',
  '(?<![\\d-])\\d{1,2}-\\d{1,2}-(?:19|20)\\d{2}(?![\\d-])',
  `\\b\\d{1,2}(?:st|nd|rd|th|\\.)?(?: of| de)? ${MONTH}\\b\\.?(?:,? (?:19|20)\\d{2}\\b)?`,
  `\\b${MONTH}\\b\\.? \\d{1,2}(?:st|nd|rd|th)?\\b(?:,? (?:19|20)\\d{2}\\b)?(?!\\d)`,
  `\\b${MONTH} (?:19|20)\\d{2}\\b`,
  `\\b${DAY}\\b`,
];
const DATES = new RegExp(PATTERNS.join('|'), 'gi');
/** A year that stands alone is one after words of time, or where nothing else is told of it. */
const YEAR =
  /(?<=\b(?:in|since|until|till|during|before|after|by|from|of|year|circa|early|late|born|founded in|to)\s)(?:19|20)\d{2}(?![\d-]|\s?(?:%|percent|euros?|dollars?|people|tokens|items|words|users|[€$£]))\b/gi;

/** Dates with day, month or year in the ways of several languages; weekdays; years after words of time. Numbers must be of a calendar. */
export const date: Detector = {
  kind: 'date',
  find(text) {
    const found: Found[] = [];
    for (const match of text.matchAll(DATES)) {
      if (possible(match[0])) found.push({ start: match.index, end: match.index + match[0].length });
    }
    for (const match of text.matchAll(YEAR)) found.push({ start: match.index, end: match.index + 4 });
    return found;
  },
};

function possible(text: string): boolean {
  const numbers = /^(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})/.exec(text)?.slice(1).map(Number);
  if (numbers === undefined) return true;
  const [a = 0, b = 0, c = 0] = numbers;
  const [day, month] = a > 31 ? [c, b] : b > 12 ? [b, a] : [a, b];
  const swapped = a > 12 || a > 31 ? month <= 12 : Math.min(day, month) <= 12;
  return day >= 1 && day <= 31 && month >= 1 && month <= 31 && swapped;
}
