import type { Gazetteer } from './gazetteer.js';
import type { Word } from './words.js';

/** Features a word has at most; also the width of a row in {@link featuresOf}. */
export const MOST_FEATURES = 48;

/** Places in the table of weights: features are hashed into them (Weinberger et al., 2009). */
export const BUCKETS = 1 << 16;

/**
 * What a word and its neighbours look like, as numbers of buckets: words, shapes, beginnings and ends, membership in lists. The features
 * are those of feature-based taggers (Ratinov and Roth, 2009) without their clusters.
 *
 * @returns one row of {@link MOST_FEATURES} a word; unused places are −1.
 */
export function featuresOf(words: readonly Word[], lists: Gazetteer): Int32Array {
  const rows = new Int32Array(words.length * MOST_FEATURES).fill(-1);
  const facts = words.map(word => factsOf(word, lists));
  for (let at = 0; at < words.length; at++) fillRow(rows, at, facts);
  return rows;
}

interface Facts {
  readonly lower: string;
  readonly shape: string;
  readonly flags: string;
  readonly newLine: boolean;
}

const OUTSIDE: Facts = { lower: '<>', shape: '<>', flags: '', newLine: false };

function factsOf({ text, newLine }: Word, lists: Gazetteer): Facts {
  const lower = text.toLowerCase();
  return { lower: lower.slice(0, 32), shape: shapeOf(text), flags: lists.flags(lower), newLine };
}

function fillRow(rows: Int32Array, at: number, facts: readonly Facts[]): void {
  const from = at * MOST_FEATURES;
  let count = 0;
  const add = (name: string, value: string): void => {
    if (count < MOST_FEATURES) rows[from + count++] = bucket(name, value);
  };
  const word = facts[at]!;
  const [a, b, c, d, e, f] = [-3, -2, -1, 1, 2, 3].map(step => facts[at + step] ?? OUTSIDE) as [
    Facts,
    Facts,
    Facts,
    Facts,
    Facts,
    Facts,
  ];
  add('w', word.lower);
  add('s', word.shape);
  add('g', word.flags);
  add('gs', word.flags + word.shape);
  const { lower } = word;
  for (let size = 1; size <= 4 && size < lower.length; size++) add('e', lower.slice(-size));
  for (let size = 1; size <= 3 && size < lower.length; size++) add('p', lower.slice(0, size));
  add('w-1', c.lower);
  add('w+1', d.lower);
  add('w-2', b.lower);
  add('w+2', e.lower);
  add('w-3', a.lower);
  add('w+3', f.lower);
  add('w-1w', `${c.lower} ${word.shape}`);
  add('w-2-1', `${b.lower} ${c.lower}`);
  add('w+1+2', `${d.lower} ${e.lower}`);
  add('w-1+1', `${c.lower} ${d.lower}`);
  add('s-1', `${c.shape} ${word.shape}`);
  add('s+1', `${word.shape} ${d.shape}`);
  add('s3', `${c.shape} ${word.shape} ${d.shape}`);
  add('s2', `${b.shape} ${c.shape}`);
  add('g-1', c.flags);
  add('g+1', d.flags);
  add('gg', `${c.flags} ${word.flags} ${d.flags}`);
  add('g-1w', `${c.lower} ${word.flags}`);
  add('gw+1', `${word.flags} ${d.lower}`);
  add('g+2', e.flags);
  add('n', `${word.newLine} ${d.newLine} ${word.shape}`);
  add('ng', `${word.newLine} ${word.flags}`);
  add('b', '');
}

/** Kinds of characters, runs of them told once: `Xx`, `X.x`, `d4`. */
export function shapeOf(text: string): string {
  if (/^\p{N}/u.test(text)) return `d${Math.min(text.length, 6)}`;
  if (!/^\p{L}/u.test(text)) return text;
  const upper = text.toUpperCase();
  const lower = text.toLowerCase();
  // Scripts without cases.
  if (upper === lower) return 'L';
  if (text === lower) return text.length === 1 ? 'x1' : 'x';
  if (text === upper) return text.length === 1 ? 'X1' : text.length <= 3 ? 'XX' : 'XXX';
  const first = text.slice(0, 1);
  if (first === first.toUpperCase() && text.slice(1) === text.slice(1).toLowerCase()) return 'Xx';
  return first === first.toUpperCase() ? 'XxX' : 'xX';
}

/** FNV-1a over both, folded into the table. */
function bucket(name: string, value: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ 58, 0x01000193);
  for (let i = 0; i < value.length; i++) hash = Math.imul(hash ^ value.charCodeAt(i), 0x01000193);
  return ((hash >>> 16) ^ hash) & (BUCKETS - 1);
}
