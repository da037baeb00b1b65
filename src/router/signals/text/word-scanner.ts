import { type CharacterClass, classOf, SEPARATOR, SPACED } from './character-class.js';

const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

/** One step of the FNV-1a hash over UTF-16 units; start from {@link hashOf} of the text before, or of nothing. */
export function hashStep(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, FNV_PRIME);
}

/** FNV-1a (Fowler, Noll, Vo) over the UTF-16 units of a text, 32 bits. */
export function hashOf(text: string): number {
  let hash = FNV_OFFSET;
  for (let i = 0; i < text.length; i++) hash = hashStep(hash, text.charCodeAt(i));
  return hash;
}

/**
 * Walks through the words of a text without cutting any out: a run of letters, digits, marks and underscores is one; in scripts
 * written without spaces, and Hangul, each character stands alone. Begun again for each text; allocates nothing.
 */
export class WordScanner {
  /** Where the word begins and ends, in UTF-16 units. */
  start = 0;
  end = 0;
  kind: CharacterClass = SEPARATOR;
  /** {@link hashOf} the word. */
  hash = 0;
  private text = '';

  begin(text: string): void {
    this.text = text;
    this.start = 0;
    this.end = 0;
    this.kind = SEPARATOR;
  }

  /** Goes on to the next word. @returns false at the end of the text, of which nothing is held on to then. */
  next(): boolean {
    const { text } = this;
    let at = this.end;
    while (at < text.length) {
      const code = text.codePointAt(at) ?? 0;
      const kind = classOf(code);
      const width = code > 0xffff ? 2 : 1;
      if (kind === SEPARATOR) at += width;
      else {
        this.start = at;
        this.kind = kind;
        if (kind === SPACED) this.readRun(at);
        else this.readOne(at, width);
        return true;
      }
    }
    this.begin('');
    return false;
  }

  private readOne(at: number, width: number): void {
    let hash = hashStep(FNV_OFFSET, this.text.charCodeAt(at));
    if (width === 2) hash = hashStep(hash, this.text.charCodeAt(at + 1));
    this.end = at + width;
    this.hash = hash;
  }

  private readRun(from: number): void {
    const { text } = this;
    let at = from;
    let hash = FNV_OFFSET;
    while (at < text.length) {
      const unit = text.charCodeAt(at);
      const code = unit >= 0xd800 && unit <= 0xdbff ? (text.codePointAt(at) ?? 0) : unit;
      if (classOf(code) !== SPACED) break;
      hash = hashStep(hash, unit);
      at++;
      if (code > 0xffff) hash = hashStep(hash, text.charCodeAt(at++));
    }
    this.end = at;
    this.hash = hash;
  }
}
