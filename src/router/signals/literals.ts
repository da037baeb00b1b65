import { Anchors } from './anchors.js';
import { prefixTree } from './prefix-tree.js';

/**
 * Scripts written without spaces between words, and Hangul, whose particles join on to the word: in these a term is found
 * anywhere, in all others only as a whole word.
 */
const UNSPACED = ['Han', 'Hiragana', 'Katakana', 'Hangul', 'Bopomofo', 'Thai', 'Lao', 'Khmer', 'Myanmar', 'Tibetan']
  .map(script => `\\p{Script=${script}}`)
  .join('');

/** A character that a word of a spaced script continues with. */
const JOINER = `[[\\p{L}\\p{N}\\p{M}_]--[${UNSPACED}]]`;
const JOINS = new RegExp(JOINER, 'v');

/** Most matches that are looked at in one text: bounds the work when a term stands on every line. */
const MAX_MATCHES = 256;

/** Finds literal terms, whole words where the script has words. Compiled once; finding allocates only for what is found. */
export class Literals {
  private readonly pattern: RegExp;
  private readonly anchors: Anchors | undefined;

  constructor(
    terms: readonly string[],
    private readonly caseSensitive: boolean,
  ) {
    this.pattern = new RegExp(alternation(terms, caseSensitive), caseSensitive ? 'gv' : 'giv');
    this.anchors = Anchors.of(terms);
  }

  /** A quick no for most texts, given as text or as its UTF-8 bytes: when this is false, no term is found. */
  mayStandIn(text: string): boolean {
    return this.anchors?.mayStandIn(text) ?? true;
  }

  /** The first term found in `text`, as it is written there; `undefined` when there is none. */
  first(text: string): string | undefined {
    this.pattern.lastIndex = 0;
    return this.next(text);
  }

  /** Adds the distinct terms found in `text` to `found`, until there are `limit`; keys compare equal whatever the case. */
  collect(text: string, found: Set<string>, limit: number): void {
    this.pattern.lastIndex = 0;
    for (let i = 0; i < MAX_MATCHES && found.size < limit; i++) {
      const match = this.next(text);
      if (match === undefined) return;
      found.add(this.caseSensitive ? match : match.toLowerCase());
    }
  }

  /** Where the first term at or after `from` begins, −1 when there is none; {@link end} is then where it ends. */
  find(text: string, from: number): number {
    this.pattern.lastIndex = from;
    const found = this.next(text);
    return found === undefined ? -1 : this.pattern.lastIndex - found.length;
  }

  get end(): number {
    return this.pattern.lastIndex;
  }

  private next(text: string): string | undefined {
    for (;;) {
      const match = this.pattern.exec(text);
      if (match === null) return undefined;
      const found = match[0];
      const { index } = match;
      // The same question as a look-behind in the pattern, but asked only where a term was found.
      if (index === 0 || !joinsAt(text, index) || !joinsBefore(text, index)) return found;
      this.pattern.lastIndex = index + ((text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1);
    }
  }
}

/** One pattern for all terms; those that end in the middle of a word are asked whether the word ends there too. */
function alternation(terms: readonly string[], caseSensitive: boolean): string {
  const words = terms.map(term => term.trim());
  const bounded = words.filter(word => JOINS.test([...word].at(-1) ?? ''));
  const free = words.filter(word => !bounded.includes(word));
  const parts = [
    ...(bounded.length > 0 ? [`(?:${prefixTree(bounded, caseSensitive)})(?!${JOINER})`] : []),
    ...(free.length > 0 ? [`(?:${prefixTree(free, caseSensitive)})`] : []),
  ];
  return parts.join('|');
}

function joins(code: number): boolean {
  if (code < 128) {
    return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95;
  }
  return JOINS.test(String.fromCodePoint(code));
}

function joinsAt(text: string, index: number): boolean {
  return joins(text.codePointAt(index) ?? 0);
}

function joinsBefore(text: string, index: number): boolean {
  const unit = text.charCodeAt(index - 1);
  const isLow = unit >= 0xdc00 && unit <= 0xdfff && index >= 2;
  return joins(isLow ? (text.codePointAt(index - 2) ?? 0) : unit);
}
