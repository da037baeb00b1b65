import { SPACED } from './text/character-class.js';
import { folded } from './text/fold.js';
import { hashOf, hashStep, WordScanner } from './text/word-scanner.js';

export interface Bm25Parameters {
  /** How soon a term that stands again and again in a document stops counting for more. */
  readonly k1: number;
  /** How much the length of a document counts against it, from 0 to 1. */
  readonly b: number;
}

interface Posting {
  readonly document: number;
  readonly weight: number;
}

export interface Bm25Term {
  readonly text: string;
  /** Its place among all terms. */
  readonly id: number;
  /** Its idf, in that of a term of one document only. */
  readonly rarity: number;
  /** What it adds to the score of each document that it stands in. */
  readonly postings: readonly Posting[];
}

/** What one document says of a term: how often, and what part of a run of unspaced characters the term is. */
interface Use {
  count: number;
  share: number;
}

/**
 * Okapi BM25 (Robertson and Zaragoza, 2009, eq. 3.15) over a fixed collection of documents, each weight worked out beforehand:
 *
 *     idf(t) · f (k1 + 1) / (f + k1 (1 − b + b |d| / avg|d|)),   idf(t) = ln(1 + (N − n + 0.5) / (n + 0.5))
 *
 * divided by the idf of a term that stands in one document only. So a score counts such terms: 1 is one of them, found once in a
 * document of average length. Terms are words; in scripts without spaces pairs of neighbouring characters, which share the weight
 * of the run that they are cut from.
 */
export class Bm25Index {
  readonly terms: number;
  /** The score that each document would reach with every one of its terms. */
  readonly highest: readonly number[];
  /** Terms by hash; those few that share one stand in a list. */
  private readonly byHash = new Map<number, Bm25Term[]>();

  constructor(documents: readonly (readonly string[])[], { k1, b }: Bm25Parameters) {
    const uses = documents.map(usesOf);
    const lengths = uses.map(lengthOf);
    const average = lengths.reduce((sum, length) => sum + length, 0) / documents.length || 1;
    const documentsWith = new Map<string, number>();
    for (const terms of uses)
      for (const term of terms.keys()) documentsWith.set(term, (documentsWith.get(term) ?? 0) + 1);
    const idf = (n: number) => Math.log(1 + (documents.length - n + 0.5) / (n + 0.5));
    const highest = documents.map(() => 0);
    const known = new Map<string, Bm25Term & { readonly postings: Posting[] }>();
    for (const [text, n] of documentsWith) {
      const term = { text, id: known.size, rarity: idf(n) / idf(1), postings: [] };
      known.set(text, term);
      const hash = hashOf(text);
      this.byHash.set(hash, [...(this.byHash.get(hash) ?? []), term]);
    }
    for (const [document, terms] of uses.entries()) {
      const norm = 1 - b + (b * lengths[document]!) / average;
      for (const [text, { count, share }] of terms) {
        const { rarity, postings } = known.get(text)!;
        const weight = rarity * ((count * (k1 + 1)) / (count + k1 * norm)) * share;
        highest[document]! += weight;
        postings.push({ document, weight });
      }
    }
    this.terms = known.size;
    this.highest = highest;
  }

  /** The term that stands in `text` from `start` to `end`; `undefined` when that is none. */
  termAt(hash: number, text: string, start: number, end: number): Bm25Term | undefined {
    const alike = this.byHash.get(hash);
    if (alike === undefined) return undefined;
    for (const term of alike) if (term.text.length === end - start && text.startsWith(term.text, start)) return term;
    return undefined;
  }
}

/** The terms of a document, each with its uses. */
function usesOf(texts: readonly string[]): ReadonlyMap<string, Use> {
  const uses = new Map<string, Use>();
  const add = (term: string, share: number) => {
    const use = uses.get(term);
    if (use === undefined) uses.set(term, { count: 1, share });
    else {
      use.count++;
      use.share = Math.max(use.share, share);
    }
  };
  for (const run of texts.flatMap(runsOf)) {
    if (run.length === 1) add(run[0] ?? '', 1);
    for (let i = 1; i < run.length; i++) add(`${run[i - 1]}${run[i]}`, 1 / (run.length - 1));
  }
  return uses;
}

/** Words, each a run of one, and runs of unspaced characters. */
function runsOf(text: string): string[][] {
  const body = folded(text);
  const scanner = new WordScanner();
  const runs: string[][] = [];
  let end = -1;
  scanner.begin(body);
  while (scanner.next()) {
    const piece = body.slice(scanner.start, scanner.end);
    if (scanner.kind === SPACED) {
      runs.push([piece]);
      end = -1;
    } else {
      if (scanner.start === end) runs.at(-1)?.push(piece);
      else runs.push([piece]);
      end = scanner.end;
    }
  }
  return runs;
}

function lengthOf(terms: ReadonlyMap<string, Use>): number {
  let length = 0;
  for (const { count, share } of terms.values()) length += count * share;
  return length;
}

/**
 * Looks at each word of a folded text, and in scripts without spaces at each pair of neighbouring characters, with its term where the index has it; at a single
 * character of such a script only where it is a term.
 */
export function termsIn(
  text: string,
  index: Bm25Index,
  scanner: WordScanner,
  visit: (term: Bm25Term | undefined, start: number, end: number, hash: number) => void,
): void {
  let before = -1;
  let beforeStart = 0;
  let beforeHash = 0;
  scanner.begin(text);
  while (scanner.next()) {
    const { start, end, hash, kind } = scanner;
    const term = index.termAt(hash, text, start, end);
    if (term !== undefined || kind === SPACED) visit(term, start, end, hash);
    if (kind === SPACED) continue;
    if (before === start) {
      const both = pairHash(beforeHash, text, start, end);
      visit(index.termAt(both, text, beforeStart, end), beforeStart, end, both);
    }
    before = end;
    beforeStart = start;
    beforeHash = hash;
  }
}

/** The hash of two neighbouring characters, from that of the first. */
function pairHash(first: number, text: string, start: number, end: number): number {
  let hash = first;
  for (let i = start; i < end; i++) hash = hashStep(hash, text.charCodeAt(i));
  return hash;
}
