import type { SparseVector } from './sparse-vector.js';

/** Places that n-grams are hashed to: the lower half for characters, the upper for words. */
export const BUCKETS = 65_536;
/** Places below this are of characters, the rest of words. */
export const CHARACTERS = BUCKETS / 2;
const HALF = CHARACTERS;
const LONGEST = 5;
const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;
/** Mixes the upper bits down, for FNV's lower ones alone are poor. */
const MIX = 0x2c1b3c6d;
/** Counts whose `1 + ln(count)` is kept. */
const DAMPED = Float32Array.from({ length: 256 }, (_, count) => 1 + Math.log(count));
const SPACE = 32;
/** What each code of ASCII is compared as. */
const COMPARED = Uint16Array.from({ length: 128 }, (_, code) =>
  code <= SPACE ? SPACE : String.fromCharCode(code).toLowerCase().replace(/[0-9]/, '0').charCodeAt(0),
);
/** Which of them words are made of: letters, digits, the apostrophe. */
const WORD_CODES = Uint8Array.from({ length: 128 }, (_, code) => Number(/[0-9a-z'_]/.test(String.fromCharCode(code))));

/** The n-grams of a text with `1 + ln(count)` each, in memory that other texts have a share in: first those of characters, then those of words. */
export interface GramRun {
  readonly at: Uint16Array;
  readonly values: Float32Array;
  /** The n-grams of characters are at `start` to `words`, those of words at `words` to `end`. */
  readonly start: number;
  readonly words: number;
  readonly end: number;
}

/**
 * Counts hashed n-grams (Weinberger et al., 2009): of characters from 2 to 5, and of words from 1 to 3. Each has `1 + ln(count)`. Every
 * character counts, and time is linear in their number. Letters are compared in lower case, a run of white space is one space, and all
 * digits are one. Holds its scratch memory from text to text.
 */
export class GramCounter {
  private readonly counts = new Int32Array(BUCKETS);
  /** One place more than there are: what is written behind the last does not count. */
  private readonly touched = new Uint16Array(BUCKETS + 1);
  private codes = new Uint16Array(4096);
  private readonly room = new Room();

  /** N-grams of a whole text, each kind to length 1. */
  features(text: string): SparseVector {
    const { at, values, start, words, end } = this.count(text);
    toLength1(values, start, words);
    toLength1(values, words, end);
    // Views, no copies: memory of its own for each text is outside the heap, and stays until a collection.
    return { at: at.subarray(start, end), values: values.subarray(start, end) };
  }

  /** N-grams of `text.slice(from, to)`. */
  count(text: string, from = 0, to = text.length): GramRun {
    const length = this.read(text, from, to);
    const characters = this.countCharacters(length);
    const size = this.countWords(length, characters);
    const { counts, touched } = this;
    const { at, values, start } = this.room.take(size);
    for (let i = 0; i < size; i++) {
      const place = touched[i]!;
      const count = counts[place]!;
      at[start + i] = place;
      values[start + i] = count < DAMPED.length ? DAMPED[count]! : 1 + Math.log(count);
      counts[place] = 0;
    }
    return { at, values, start, words: start + characters, end: start + size };
  }

  /** All four lengths at each character, one hash from the other. @returns how many places were touched. */
  private countCharacters(length: number): number {
    const { codes } = this;
    let size = 0;
    let start = 0;
    // Written out, for a loop of four takes a third longer.
    for (; start + LONGEST <= length; start++) {
      const two = hashed(hashed(OFFSET, codes[start]!), codes[start + 1]!);
      const three = hashed(two, codes[start + 2]!);
      const four = hashed(three, codes[start + 3]!);
      size = this.counted(placeOf(two), size);
      size = this.counted(placeOf(three), size);
      size = this.counted(placeOf(four), size);
      size = this.counted(placeOf(hashed(four, codes[start + 4]!)), size);
    }
    for (; start + 1 < length; start++) {
      let hash = hashed(OFFSET, codes[start]!);
      for (let i = start + 1; i < length; i++) {
        hash = hashed(hash, codes[i]!);
        size = this.counted(placeOf(hash), size);
      }
    }
    return size;
  }

  /** @param size places touched by then. @returns how many are touched now. */
  private counted(place: number, size: number): number {
    const { counts, touched } = this;
    const count = counts[place]!;
    // Kept where the count was 0, else written over by the next: a branch here would be guessed wrong half the time.
    touched[size] = place;
    counts[place] = count + 1;
    return size + ((count - 1) >>> 31);
  }

  /** @param touchedBefore places touched by then. @returns how many are touched now. */
  private countWords(textLength: number, touchedBefore: number): number {
    const { codes } = this;
    let size = touchedBefore;
    let [last, beforeLast, known] = [0, 0, 0];
    let hash = OFFSET;
    let length = 0;
    for (let i = 0; i <= textLength; i++) {
      const code = i < textLength ? codes[i]! : SPACE;
      if (code < 128 ? WORD_CODES[code] === 1 : isWordBeyondAscii(code)) {
        hash = hashed(hash, code);
        length++;
        continue;
      }
      if (length === 0) continue;
      size = this.counted(HALF + placeOf(hash), size);
      if (known > 0) {
        const pair = hashed(hash, last) + 1;
        size = this.counted(HALF + placeOf(pair), size);
        if (known > 1) size = this.counted(HALF + placeOf(hashed(pair, beforeLast) + 2), size);
      }
      beforeLast = last;
      last = hash;
      known++;
      hash = OFFSET;
      length = 0;
    }
    return size;
  }

  /** Makes codes of a text as they are compared. @returns their number. */
  private read(text: string, from: number, to: number): number {
    if (this.codes.length < to - from + 2) this.codes = new Uint16Array(2 * (to - from) + 2);
    const { codes } = this;
    let size = 0;
    codes[size++] = SPACE;
    for (let i = from; i < to; i++) {
      const code = text.charCodeAt(i);
      if (code >= 128) return this.readBeyondAscii(text.slice(from, to).toLowerCase());
      const compared = COMPARED[code]!;
      if (compared !== SPACE || codes[size - 1] !== SPACE) codes[size++] = compared;
    }
    if (codes[size - 1] !== SPACE) codes[size++] = SPACE;
    return size;
  }

  /** The same of a text in lower case, which may be longer than it was. */
  private readBeyondAscii(lower: string): number {
    if (this.codes.length < lower.length + 2) this.codes = new Uint16Array(2 * lower.length + 2);
    const { codes } = this;
    let size = 0;
    codes[size++] = SPACE;
    for (let i = 0; i < lower.length; i++) {
      const code = lower.charCodeAt(i);
      const compared = code < 128 ? COMPARED[code]! : isSpaceBeyondAscii(code) ? SPACE : code;
      if (compared !== SPACE || codes[size - 1] !== SPACE) codes[size++] = compared;
    }
    if (codes[size - 1] !== SPACE) codes[size++] = SPACE;
    return size;
  }
}

/** Numbers in a block of memory. */
const BLOCK = 16_384;

/**
 * Room for the n-grams of many texts, a block at a time: arrays of its own for each sentence of a long text would cost more than to count its
 * n-grams. A block lives as long as anything in it is held.
 */
class Room {
  private at = new Uint16Array(0);
  private values = new Float32Array(0);
  private used = 0;

  take(size: number): { readonly at: Uint16Array; readonly values: Float32Array; readonly start: number } {
    if (this.used + size > this.at.length) {
      const length = Math.max(BLOCK, size);
      this.at = new Uint16Array(length);
      this.values = new Float32Array(length);
      this.used = 0;
    }
    const start = this.used;
    this.used += size;
    return { at: this.at, values: this.values, start };
  }
}

/** FNV-1a with 16 bits more. */
function hashed(hash: number, code: number): number {
  return Math.imul(hash ^ code, PRIME);
}

/** The place of a hash among those of its kind. */
function placeOf(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), MIX);
  return (mixed ^ (mixed >>> 13)) & (HALF - 1);
}

function isSpaceBeyondAscii(code: number): boolean {
  return code === 0xa0 || (code >= 0x2000 && code <= 0x200a) || code === 0x2028 || code === 0x3000;
}

/** Everything that is no space or general punctuation. */
function isWordBeyondAscii(code: number): boolean {
  return code >= 0xc0 && !(code >= 0x2000 && code <= 0x206f) && !(code >= 0x3000 && code <= 0x303f);
}

function toLength1(values: Float32Array, from: number, to: number): void {
  let square = 0;
  for (let i = from; i < to; i++) square += values[i]! * values[i]!;
  const scale = square === 0 ? 0 : 1 / Math.sqrt(square);
  for (let i = from; i < to; i++) values[i]! *= scale;
}
