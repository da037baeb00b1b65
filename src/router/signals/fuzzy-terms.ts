import { HANGUL, IDEOGRAPH, PHRASED } from './text/character-class.js';
import { folded } from './text/fold.js';
import { WordScanner } from './text/word-scanner.js';

/** Most edits a term is found with. */
export const MAX_EDITS = 2;

/** A term as it is compared. */
export interface FuzzyTerm {
  /** As it stands in the configuration. */
  readonly term: string;
  readonly text: string;
  /** Whether it has characters of a script without spaces, or Hangul: then it is found anywhere, not only as whole words. */
  readonly unspaced: boolean;
  readonly words: number;
  readonly edits: number;
}

/** @param edits how many edits are forgiven, or `auto`: by the term's length. */
export function fuzzyTerm(term: string, edits: number | 'auto'): FuzzyTerm {
  const body = folded(term);
  const scanner = new WordScanner();
  const words: string[] = [];
  let unspaced = false;
  scanner.begin(body);
  while (scanner.next()) {
    words.push(body.slice(scanner.start, scanner.end));
    unspaced ||= scanner.kind === IDEOGRAPH || scanner.kind === HANGUL || scanner.kind === PHRASED;
  }
  const text = unspaced ? body.trim() : words.join(' ');
  return {
    term,
    text,
    unspaced,
    words: words.length,
    edits: edits === 'auto' ? automatic(text.length, unspaced) : edits,
  };
}

/**
 * Edits that leave a word the word it was: none in up to four letters, where one makes another word (`tort`, `port`), one in up to
 * eight, two beyond. A character of Han, kana or Hangul weighs more than a letter: none in up to three, one in up to seven.
 */
function automatic(length: number, unspaced: boolean): number {
  const [short, medium] = unspaced ? [3, 7] : [4, 8];
  return length <= short ? 0 : length <= medium ? 1 : MAX_EDITS;
}

/** Which letters a text has, as a set of 32 bits: what differs in more than the edits allow need not be compared. */
export function lettersOf(text: string, start: number, end: number): number {
  let letters = 0;
  for (let i = start; i < end; i++) letters |= 1 << (text.charCodeAt(i) & 31);
  return letters;
}

/** Whether two texts with these letters can be within so many edits. */
export function mayBeWithin(edits: number, one: number, other: number): boolean {
  return bits(one & ~other) <= edits && bits(other & ~one) <= edits;
}

function bits(set: number): number {
  let count = set - ((set >>> 1) & 0x55555555);
  count = (count & 0x33333333) + ((count >>> 2) & 0x33333333);
  return Math.imul((count + (count >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
