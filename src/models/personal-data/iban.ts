import type { Detector, Found } from './detector.js';

/** Lengths by country (ISO 13616 registry). */
const LENGTHS: Readonly<Record<string, number>> = Object.fromEntries(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 ' +
    'GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 ' +
    'PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SD18 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20'
  )
    .split(' ')
    .map(entry => [entry.slice(0, 2), Number(entry.slice(2))]),
);

const START = /(?<![\p{L}\d])[A-Za-z]{2}\d{2}(?=[ ]?[A-Za-z0-9])/gu;

/** Bank accounts: length of the country and the check modulo 97 (ISO 13616, ISO 7064). */
export const iban: Detector = {
  kind: 'iban',
  find(text) {
    const found: Found[] = [];
    for (const { 0: head, index: start } of text.matchAll(START)) {
      const length = LENGTHS[head.slice(0, 2).toUpperCase()];
      if (length === undefined) continue;
      const { compact, end } = taken(text, start, length);
      if (compact.length === length && remainder97(compact.slice(4) + compact.slice(0, 4)) === 1)
        found.push({ start, end });
    }
    return found;
  },
};

/** So many letters and digits, with single spaces between them left out; nothing when one more follows. */
function taken(text: string, start: number, length: number): { readonly compact: string; readonly end: number } {
  let compact = '';
  let at = start;
  while (compact.length < length && at < text.length) {
    const char = text[at]!;
    if (/[A-Za-z0-9]/.test(char)) compact += char.toUpperCase();
    else if (char !== ' ' || text[at - 1] === ' ') break;
    at++;
  }
  return /[A-Za-z0-9]/.test(text[at] ?? '') ? { compact: '', end: at } : { compact, end: at };
}

/** Letters and digits, as one number with 10 for A, modulo 97 (ISO 7064). */
export function remainder97(compact: string): number {
  let rest = 0;
  for (const char of compact) {
    const value = Number.parseInt(char, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
}
