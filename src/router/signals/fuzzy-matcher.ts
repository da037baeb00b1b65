import { editDistance } from './edit-distance.js';
import { type FuzzyTerm, lettersOf, MAX_EDITS, mayBeWithin } from './fuzzy-terms.js';
import { SPACED } from './text/character-class.js';
import { folded } from './text/fold.js';
import { WordScanner } from './text/word-scanner.js';

/** Comparisons of a term with a piece of one request's text: bounds the work when a text is all near misses. */
export const MAX_COMPARISONS = 8_192;
/** Words in the longest phrase that is looked for. */
export const MAX_WORDS = 4;

/** Something in the text that is a term but for a few edits. */
export interface FuzzyMatch {
  readonly term: FuzzyTerm;
  readonly edits: number;
  /** 1 − edits / length of the term. */
  readonly similarity: number;
  readonly found: string;
  readonly offset: number;
}

interface Lettered extends FuzzyTerm {
  readonly letters: number;
}

/**
 * A part of an unspaced term. With k edits allowed a term is cut into k + 1 parts, one of which any match has in it unharmed
 * (Wu and Manber, 1992): only around such a part is anything compared.
 */
interface Part {
  readonly term: FuzzyTerm;
  readonly text: string;
  readonly at: number;
}

/** Finds the term that stands in a text with the fewest edits. */
export class FuzzyMatcher {
  /** By number of words, then by length of the text that they may be found in. */
  private readonly phrases: (readonly Lettered[])[][] = [];
  private readonly parts = new Map<number, Part[]>();
  private readonly scanner = new WordScanner();
  private readonly starts = new Int32Array(MAX_WORDS);
  private readonly ends = new Int32Array(MAX_WORDS);
  private comparisons = 0;
  private bestMatch: FuzzyMatch | undefined;

  constructor(terms: readonly FuzzyTerm[]) {
    for (const term of terms) {
      if (term.unspaced) this.addParts(term);
      else this.addPhrase(term);
    }
  }

  /** Whether the last text had more in it than {@link MAX_COMPARISONS} allow to compare. */
  get exhausted(): boolean {
    return this.comparisons >= MAX_COMPARISONS;
  }

  /** The nearest match in the texts, each read by itself, of several the first; `undefined` when no term is near enough. */
  best(texts: readonly string[]): FuzzyMatch | undefined {
    this.comparisons = 0;
    this.bestMatch = undefined;
    let base = 0;
    for (const text of texts) {
      const body = folded(text);
      if (this.phrases.length > 0) this.readWords(body, base);
      if (this.parts.size > 0) this.readParts(body, base);
      if (this.isExact) break;
      base += text.length;
    }
    return this.bestMatch;
  }

  /** Nothing comes nearer than the term itself. */
  private get isExact(): boolean {
    return this.bestMatch?.edits === 0;
  }

  private addPhrase(term: FuzzyTerm): void {
    const lettered = { ...term, letters: lettersOf(term.text, 0, term.text.length) };
    const byLength = this.phrases[term.words] ?? [];
    this.phrases[term.words] = byLength;
    const shortest = Math.max(1, term.text.length - term.edits);
    for (let length = shortest; length <= term.text.length + term.edits; length++) {
      byLength[length] = [...(byLength[length] ?? []), lettered];
    }
  }

  private addParts(term: FuzzyTerm): void {
    const count = term.edits + 1;
    for (let part = 0; part < count; part++) {
      const at = Math.floor((part * term.text.length) / count);
      const text = term.text.slice(at, Math.floor(((part + 1) * term.text.length) / count));
      const first = text.charCodeAt(0);
      this.parts.set(first, [...(this.parts.get(first) ?? []), { term, text, at }]);
    }
  }

  private readWords(text: string, base: number): void {
    const { scanner, starts, ends, phrases } = this;
    let count = 0;
    let last = -1;
    scanner.begin(text);
    while (scanner.next() && !this.isExact) {
      if (scanner.kind !== SPACED) {
        count = 0;
        continue;
      }
      last = (last + 1) % MAX_WORDS;
      starts[last] = scanner.start;
      ends[last] = scanner.end;
      count++;
      let length = -1;
      for (let words = 1; words < phrases.length && words <= count && words <= MAX_WORDS; words++) {
        const first = (last - words + 1 + MAX_WORDS) % MAX_WORDS;
        length += 1 + ends[first]! - starts[first]!;
        const candidates = phrases[words]?.[length];
        if (candidates !== undefined) this.comparePhrase(candidates, text, base, first, words);
      }
    }
    scanner.begin('');
  }

  private comparePhrase(
    candidates: readonly Lettered[],
    text: string,
    base: number,
    first: number,
    words: number,
  ): void {
    const start = this.starts[first]!;
    const phrase = words === 1 ? undefined : this.joined(text, first, words);
    const body = phrase ?? text;
    const from = phrase === undefined ? start : 0;
    const to = phrase === undefined ? this.ends[first]! : phrase.length;
    const letters = lettersOf(body, from, to);
    for (const term of candidates) {
      if (mayBeWithin(term.edits, letters, term.letters)) this.compare(term, body, from, to, base + start);
    }
  }

  private joined(text: string, first: number, words: number): string {
    let phrase = '';
    for (let i = 0; i < words; i++) {
      const at = (first + i) % MAX_WORDS;
      phrase += (i > 0 ? ' ' : '') + text.slice(this.starts[at], this.ends[at]);
    }
    return phrase;
  }

  private readParts(text: string, base: number): void {
    for (let at = 0; at < text.length && !this.isExact; at++) {
      const here = this.parts.get(text.charCodeAt(at));
      if (here === undefined) continue;
      for (const { term, text: part, at: inTerm } of here) {
        if (text.startsWith(part, at)) this.compareAround(term, text, base, at - inTerm);
      }
    }
  }

  /** Compares with all that is about as long as the term and begins about there. */
  private compareAround(term: FuzzyTerm, text: string, base: number, about: number): void {
    const { edits } = term;
    for (let start = Math.max(0, about - edits); start <= about + edits; start++) {
      const shortest = Math.max(start, start + term.text.length - edits);
      const longest = Math.min(text.length, start + term.text.length + edits);
      for (let end = shortest; end <= longest; end++) this.compare(term, text, start, end, base + start);
    }
  }

  private compare(term: FuzzyTerm, text: string, start: number, end: number, offset: number): void {
    if (this.comparisons >= MAX_COMPARISONS) return;
    this.comparisons++;
    const edits = editDistance(term.text, text, start, end, Math.min(term.edits, MAX_EDITS), !term.unspaced);
    if (edits > term.edits) return;
    const similarity = 1 - edits / term.text.length;
    if (this.bestMatch !== undefined && similarity <= this.bestMatch.similarity) return;
    this.bestMatch = { term, edits, similarity, found: text.slice(start, end), offset };
  }
}
