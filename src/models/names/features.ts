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
  const known = factsOf(lists);
  const facts = words.map(({ text }) => known(text));
  for (let at = 0; at < words.length; at++) fillRow(rows, at, facts, words);
  return rows;
}

/** What is known of a word by itself, and the buckets that follow from it wherever it stands. */
interface Facts {
  readonly lower: string;
  readonly shape: string;
  readonly flags: string;
  /** Of the word at its own place. */
  readonly own: readonly number[];
  /** Of the word as a neighbour, by the distance from the word that is looked at. */
  readonly beside: ReadonlyMap<number, readonly number[]>;
}

/** Words whose facts are remembered. */
const MOST_KNOWN = 16_384;
const remembered = new WeakMap<Gazetteer, Map<string, Facts>>();

function factsOf(lists: Gazetteer): (text: string) => Facts {
  const known = remembered.get(lists) ?? new Map<string, Facts>();
  remembered.set(lists, known);
  return text => {
    let facts = known.get(text);
    if (facts === undefined) {
      const lower = text.toLowerCase();
      facts = factsFrom(lower.slice(0, 32), shapeOf(text), lists.flags(lower));
      if (known.size >= MOST_KNOWN) known.clear();
      known.set(text, facts);
    }
    return facts;
  };
}

function factsFrom(lower: string, shape: string, flags: string): Facts {
  const own = [bucket('w', lower), bucket('s', shape), bucket('g', flags), bucket('gs', flags + shape)];
  for (let size = 1; size <= 4 && size < lower.length; size++) own.push(bucket('e', lower.slice(-size)));
  for (let size = 1; size <= 3 && size < lower.length; size++) own.push(bucket('p', lower.slice(0, size)));
  const beside = new Map<number, readonly number[]>();
  for (const step of [-3, -2, -1, 1, 2, 3]) {
    const sign = step > 0 ? `+${step}` : String(step);
    const buckets = [bucket(`w${sign}`, lower)];
    if (step === -1 || step === 1 || step === 2) buckets.push(bucket(`g${sign}`, flags));
    beside.set(step, buckets);
  }
  return { lower, shape, flags, own, beside };
}

const OUTSIDE: Facts = factsFrom('<>', '<>', '');
const BIAS = bucket('b', '');

function fillRow(rows: Int32Array, at: number, facts: readonly Facts[], words: readonly Word[]): void {
  let place = at * MOST_FEATURES;
  const word = facts[at]!;
  for (const one of word.own) rows[place++] = one;
  for (const step of [-3, -2, -1, 1, 2, 3]) {
    for (const one of (facts[at + step] ?? OUTSIDE).beside.get(step)!) rows[place++] = one;
  }
  const b = facts[at - 2] ?? OUTSIDE;
  const c = facts[at - 1] ?? OUTSIDE;
  const d = facts[at + 1] ?? OUTSIDE;
  const e = facts[at + 2] ?? OUTSIDE;
  const newLine = words[at]!.newLine;
  rows[place++] = bucket('w-1w', `${c.lower} ${word.shape}`);
  rows[place++] = bucket('w-2-1', `${b.lower} ${c.lower}`);
  rows[place++] = bucket('w+1+2', `${d.lower} ${e.lower}`);
  rows[place++] = bucket('w-1+1', `${c.lower} ${d.lower}`);
  rows[place++] = bucket('s-1', `${c.shape} ${word.shape}`);
  rows[place++] = bucket('s+1', `${word.shape} ${d.shape}`);
  rows[place++] = bucket('s3', `${c.shape} ${word.shape} ${d.shape}`);
  rows[place++] = bucket('s2', `${b.shape} ${c.shape}`);
  rows[place++] = bucket('gg', `${c.flags} ${word.flags} ${d.flags}`);
  rows[place++] = bucket('g-1w', `${c.lower} ${word.flags}`);
  rows[place++] = bucket('gw+1', `${word.flags} ${d.lower}`);
  rows[place++] = bucket('n', `${newLine} ${words[at + 1]?.newLine ?? false} ${word.shape}`);
  rows[place++] = bucket('ng', `${newLine} ${word.flags}`);
  rows[place] = BIAS;
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
