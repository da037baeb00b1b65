import { classOf, SEPARATOR, SPACED } from './text/character-class.js';
import { folded } from './text/fold.js';
import { readSpaced, spacedText, type UnitSink } from './text/spaced.js';
import { hashOf, hashStep, WordScanner } from './text/word-scanner.js';

/** Grams of terms that are looked at in one text: bounds the work when a text is made of nothing else. */
export const MAX_UPDATES = 524_288;
/** In scripts without spaces two characters say as much as three to five letters. */
const UNSPACED_SIZE = 2;
const FILTER_BITS = 12;
const FILTER_MASK = (1 << FILTER_BITS) - 1;

/** The stretch of text that is most like a term. */
export interface GramMatch {
  readonly term: string;
  /** Share of the term's grams that stand together: in a stretch at most a quarter longer than the term. */
  readonly share: number;
  readonly offset: number;
}

interface Posting {
  readonly term: TermWindow;
  readonly gram: number;
}

/** Finds the terms that a text resembles most, by character n-grams. One pass over the text for all terms of the same gram size. */
export class GramMatcher implements UnitSink {
  private readonly terms: readonly TermWindow[];
  private readonly postings = new Map<number, Posting[]>();
  /** A bit for each hash that may be a gram's: what is none, nearly all of a text, is told without a look-up. */
  private readonly filter = new Uint8Array(1 << FILTER_BITS);
  private readonly sizes: readonly number[];
  private readonly scanner = new WordScanner();
  private readonly last = new Int32Array(4);
  private readonly lastOffset = new Int32Array(4);
  private units = 0;
  private base = 0;
  private updates = 0;
  private touched: TermWindow[] = [];

  constructor(terms: readonly string[], size: number) {
    this.terms = terms.map(term => new TermWindow(term, size));
    this.sizes = [...new Set(this.terms.map(term => term.size))];
    for (const term of this.terms) {
      for (const [gram, text] of term.grams.entries()) {
        const hash = hashOf(text);
        this.filter[hash & FILTER_MASK] = 1;
        this.postings.set(hash, [...(this.postings.get(hash) ?? []), { term, gram }]);
      }
    }
  }

  /** Whether the last text had more in it than {@link MAX_UPDATES} allow to look at. */
  get exhausted(): boolean {
    return this.updates >= MAX_UPDATES;
  }

  /** The term that comes nearest to something in the texts, each read by itself; `undefined` when no gram of any term is there. */
  best(texts: readonly string[]): GramMatch | undefined {
    this.updates = 0;
    this.base = 0;
    for (const text of texts) {
      this.units = 0;
      readSpaced(folded(text), this.scanner, this);
      for (const term of this.touched) term.leave();
      this.base += text.length;
    }
    let best: TermWindow | undefined;
    for (const term of this.touched) if (best === undefined || term.best > best.best) best = term;
    const match = best && { term: best.term, share: best.best, offset: best.offset };
    for (const term of this.touched) term.forget();
    this.touched = [];
    return match;
  }

  push(unit: number, offset: number): void {
    const { last, lastOffset, sizes } = this;
    const at = this.units++;
    last[at & 3] = unit;
    lastOffset[at & 3] = offset;
    for (let i = 0; i < sizes.length; i++) {
      const size = sizes[i]!;
      if (at + 1 < size) continue;
      let hash = EMPTY;
      for (let back = size - 1; back >= 0; back--) hash = hashStep(hash, last[(at - back) & 3]!);
      if (this.filter[hash & FILTER_MASK] === 1) this.look(hash, at, this.base + lastOffset[(at - size + 1) & 3]!);
    }
  }

  private look(hash: number, at: number, offset: number): void {
    const postings = this.postings.get(hash);
    if (postings === undefined) return;
    for (const { term, gram } of postings) {
      if (this.updates >= MAX_UPDATES) return;
      this.updates++;
      if (!term.isTouched) this.touched.push(term);
      term.see(gram, at, offset);
    }
  }
}

const EMPTY = hashOf('');

/** The grams of one term that stand in the stretch of text just read, at most a quarter longer than the term. */
class TermWindow {
  readonly size: number;
  readonly grams: readonly string[];
  isTouched = false;
  /** The highest share so far, and where that stretch began. */
  best = 0;
  offset = 0;
  private readonly width: number;
  private readonly counts: Uint16Array;
  private distinct = 0;
  // What was seen in the stretch, oldest first, as a ring: at most one gram a position.
  private readonly ringGram: Uint16Array;
  private readonly ringAt: Int32Array;
  private readonly ringOffset: Int32Array;
  private head = 0;
  private held = 0;

  constructor(
    readonly term: string,
    size: number,
  ) {
    const text = comparedTerm(term);
    const unspaced = [...text].some(character => isUnspaced(character.codePointAt(0) ?? 0));
    this.size = Math.min(unspaced ? UNSPACED_SIZE : size, Math.max(1, text.length));
    const length = Math.max(1, text.length - this.size + 1);
    this.grams = [...new Set(Array.from({ length }, (_, at) => text.slice(at, at + this.size)))];
    this.width = length + Math.max(1, length >> 2);
    this.counts = new Uint16Array(this.grams.length);
    this.ringGram = new Uint16Array(this.width + 1);
    this.ringAt = new Int32Array(this.width + 1);
    this.ringOffset = new Int32Array(this.width + 1);
  }

  see(gram: number, at: number, offset: number): void {
    this.isTouched = true;
    while (this.held > 0 && this.ringAt[this.head]! <= at - this.width) this.dropOldest();
    const slot = (this.head + this.held) % this.ringAt.length;
    this.ringGram[slot] = gram;
    this.ringAt[slot] = at;
    this.ringOffset[slot] = offset;
    this.held++;
    if (this.counts[gram]!++ === 0) this.distinct++;
    const share = this.distinct / this.grams.length;
    if (share <= this.best) return;
    this.best = share;
    this.offset = this.ringOffset[this.head]!;
  }

  /** A text is at its end: what comes next stands nowhere near. */
  leave(): void {
    while (this.held > 0) this.dropOldest();
  }

  forget(): void {
    this.leave();
    this.best = 0;
    this.isTouched = false;
  }

  private dropOldest(): void {
    if (--this.counts[this.ringGram[this.head]!]! === 0) this.distinct--;
    this.head = (this.head + 1) % this.ringAt.length;
    this.held--;
  }
}

/** A term as it is compared. */
export function comparedTerm(term: string): string {
  return spacedText(folded(term));
}

function isUnspaced(code: number): boolean {
  const kind = classOf(code);
  return kind !== SEPARATOR && kind !== SPACED;
}
