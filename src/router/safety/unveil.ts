import { base64 } from './rules/base64.js';
import { bidi } from './rules/bidi.js';
import { hex } from './rules/hex.js';
import { homoglyphs } from './rules/homoglyphs.js';
import { invisible, visible } from './rules/invisible.js';
import { leetspeak } from './rules/leetspeak.js';
import { rot13 } from './rules/rot13.js';
import type { Finding, Rule } from './rules/rule.js';
import { tagCharacters } from './rules/tag-characters.js';

/** Ways of hiding a text from whoever reads it, or from a classifier. */
export const DISGUISES: readonly Rule[] = [invisible, tagCharacters, bidi, homoglyphs, base64, hex, rot13, leetspeak];

export type Disguise =
  | 'invisible'
  | 'tag_characters'
  | 'bidi'
  | 'homoglyphs'
  | 'base64'
  | 'hex'
  | 'rot13'
  | 'leetspeak';

const BEYOND_ASCII = /[^\p{ASCII}]/u;
/** Most characters of one text that rules look at. */
const MOST_CHARS = 1 << 20;

export interface Unveiled {
  readonly findings: readonly Finding[];
  /** What is to be judged beside the text itself: at most one for each disguise. */
  readonly views: readonly string[];
}

const PLAIN: Unveiled = Object.freeze({ findings: Object.freeze([]), views: Object.freeze([]) });

/** Each level asks of the same text in turn. */
let last: { readonly text: string; readonly unveiled: Unveiled } = { text: '', unveiled: PLAIN };

/** What is hidden in a text. What one disguise hides is not looked into for another. Linear in the length. */
export function unveil(text: string): Unveiled {
  if (text !== last.text) last = { text, unveiled: unveiled(text) };
  return last.unveiled;
}

function unveiled(text: string): Unveiled {
  const looked = text.length <= MOST_CHARS ? text : text.slice(0, MOST_CHARS);
  const ascii = !BEYOND_ASCII.test(looked);
  const findings: Finding[] = [];
  for (const rule of DISGUISES) {
    if (ascii && rule.beyondAscii) continue;
    const finding = rule.find(looked);
    if (finding !== undefined) findings.push(finding);
  }
  if (findings.length === 0) return PLAIN;
  return { findings, views: findings.flatMap(({ view }) => (view === undefined || view.trim() === '' ? [] : [view])) };
}

/** The text without what nobody sees: invisible characters, tag characters and marks of direction. */
export function stripped(text: string): string {
  return visible(text).replace(/[\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/gu, '');
}
