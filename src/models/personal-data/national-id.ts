import { byPattern, cuedBefore, type Detector, digitsOf } from './detector.js';

/** A number that a state gives each of its people: its form, and what must hold of it. */
interface Scheme {
  readonly pattern: RegExp;
  holds(match: string, at: number, text: string): boolean;
}

const SSN_CUES = /\b(?:ssn|social security|itin|tax(?:payer)? id)\b[^\n]*$/i;
const ID_CUES = /\b(?:aadhaar|aadhar|uid|pesel|bsn|burgerservicenummer|sofi|steuer-?id|tax id|national id)\b[^\n]*$/i;
const LETTERS = 'TRWAGMYFPDXBNJZSQVHLCKE';

const SCHEMES: readonly Scheme[] = [
  // United States: no area 000, 666 (SSN) and groups and serials of zeros; areas from 900 are taxpayers' numbers (ITIN).
  {
    pattern: /(?<![\d-])\d{3}([- ])\d{2}\1\d{4}(?![\d-])/g,
    holds: (match, at, text) => ssn(digitsOf(match)) && (match.includes('-') || cuedBefore(text, at, SSN_CUES)),
  },
  { pattern: /(?<![\d-])\d{9}(?![\d-])/g, holds: (match, at, text) => ssn(match) && cuedBefore(text, at, SSN_CUES) },
  // United Kingdom, National Insurance.
  {
    pattern: /(?<![A-Za-z\d])[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?![A-Za-z\d])/g,
    holds: match => !/^(?:BG|GB|KN|NK|NT|TN|ZZ)/.test(match),
  },
  // France, INSEE: key modulo 97; Corsica's departments count as 19 and 18.
  {
    pattern: /(?<![\dA-Za-z])[12] ?\d{2} ?\d{2} ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}(?![\dA-Za-z])/g,
    holds: match => {
      const compact = match.replaceAll(' ', '').replace('2A', '19').replace('2B', '18');
      return 97 - Number(BigInt(compact.slice(0, 13)) % 97n) === Number(compact.slice(13));
    },
  },
  // Spain, DNI and NIE: a letter modulo 23.
  {
    pattern: /(?<![A-Za-z\d])(?:\d{8}|[XYZ]-?\d{7})-?[A-Z](?![A-Za-z\d])/g,
    holds: match => {
      const compact = match.replaceAll('-', '');
      const number = Number(compact.slice(0, -1).replace(/^[XYZ]/, letter => String('XYZ'.indexOf(letter))));
      return LETTERS[number % 23] === compact.at(-1);
    },
  },
  // Italy, codice fiscale.
  {
    pattern: /(?<![A-Za-z\d])[A-Z]{6}\d{2}[ABCDEHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?![A-Za-z\d])/gi,
    holds: match => codiceFiscale(match.toUpperCase()),
  },
  // Brazil, CPF: two check digits modulo 11.
  {
    pattern: /(?<![\d.])\d{3}\.\d{3}\.\d{3}-\d{2}(?![\d-])/g,
    holds: match => cpf(digitsOf(match)),
  },
  // India (Verhoeff), Poland, Netherlands, Germany: digits alone, so a word must say what they are.
  {
    pattern: /(?<![\d-])\d{4}[ -]?\d{4}[ -]?\d{4}(?![\d-])/g,
    holds: (match, at, text) => cuedBefore(text, at, ID_CUES) && verhoeff(digitsOf(match)),
  },
  {
    pattern: /(?<![\d-])\d{9}(?:\d{2})?(?![\d-])/g,
    holds: (match, at, text) => cuedBefore(text, at, ID_CUES) && (pesel(match) || bsn(match) || steuerId(match)),
  },
];

const DETECTORS = SCHEMES.map(({ pattern, holds }) => byPattern('national_id', pattern, holds, /\d{2}/));

/** Numbers that states give to people: United States, United Kingdom, France, Spain, Italy, Brazil, India, Poland, Netherlands, Germany. */
export const nationalId: Detector = {
  kind: 'national_id',
  find: text => DETECTORS.flatMap(detector => detector.find(text)),
};

function ssn(digits: string): boolean {
  return !/^(?:000|666)|^.{3}00|0000$/.test(digits);
}

/** Characters at odd places count by this table (Decree of 12 March 1974). */
const ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

function codiceFiscale(code: string): boolean {
  let sum = 0;
  for (let at = 0; at < 15; at++) {
    const char = code.charCodeAt(at);
    const value = char >= 65 ? char - 65 : char - 48;
    sum += at % 2 === 0 ? ODD[value]! : value;
  }
  return String.fromCharCode(65 + (sum % 26)) === code[15];
}

function cpf(digits: string): boolean {
  if (/^(\d)\1*$/.test(digits)) return false;
  for (const length of [9, 10]) {
    let sum = 0;
    for (let at = 0; at < length; at++) sum += Number(digits[at]) * (length + 1 - at);
    if (((sum * 10) % 11) % 10 !== Number(digits[length])) return false;
  }
  return true;
}

/** The dihedral group of order 10 (Verhoeff, 1969): the product of two elements. */
function times(a: number, b: number): number {
  if (a < 5) return b < 5 ? (a + b) % 5 : 5 + ((a + b) % 5);
  return b < 5 ? 5 + ((a - b) % 5) : (a - b + 5) % 5;
}

const PERMUTED = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];

function verhoeff(digits: string): boolean {
  let check = 0;
  for (let at = 0; at < digits.length; at++) {
    let digit = Number(digits[digits.length - 1 - at]);
    for (let turn = 0; turn < at % 8; turn++) digit = PERMUTED[digit]!;
    check = times(check, digit);
  }
  return check === 0;
}

function weighted(digits: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, at) => sum + weight * Number(digits[at]), 0);
}

function pesel(digits: string): boolean {
  return digits.length === 11 && weighted(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0;
}

function bsn(digits: string): boolean {
  return digits.length === 9 && weighted(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0;
}

/** ISO 7064, modulo 11,10. */
function steuerId(digits: string): boolean {
  if (digits.length !== 11 || digits.startsWith('0')) return false;
  let product = 10;
  for (const digit of digits.slice(0, 10)) {
    const sum = (Number(digit) + product) % 10 || 10;
    product = (2 * sum) % 11;
  }
  return (11 - product) % 10 === Number(digits[10]);
}
