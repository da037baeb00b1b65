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
const ZERO = 48;
const NINE = 57;

/**
 * Counts hashed n-grams (Weinberger et al., 2009): of characters from 2 to 5, and of words from 1 to 3. Each kind has `1 + ln(count)`
 * a gram, and length 1 over the kind. Every character counts, and time is linear in their number. Letters are compared in lower case,
 * a run of white space is one space, and all digits are one. Holds its scratch memory from text to text.
 */
export class GramCounter {
  private readonly counts = new Int32Array(BUCKETS);
  private readonly touched = new Int32Array(BUCKETS);
  private codes = new Uint16Array(4096);
  private readonly room = new Room();

  features(text: string): SparseVector {
    const length = this.read(text);
    const characters = this.countCharacters(length);
    const size = this.countWords(length, characters);
    const { counts, touched } = this;
    const { at, values } = this.room.take(size);
    for (let i = 0; i < size; i++) {
      const place = touched[i]!;
      const count = counts[place]!;
      at[i] = place;
      values[i] = count < DAMPED.length ? DAMPED[count]! : 1 + Math.log(count);
      counts[place] = 0;
    }
    toLength1(values, 0, characters);
    toLength1(values, characters, size);
    return { at, values };
  }

  /** All four lengths at each character, one hash from the other. @returns how many places were touched. */
  private countCharacters(length: number): number {
    const { codes, counts, touched } = this;
    let size = 0;
    for (let start = 0; start < length - 1; start++) {
      let hash = Math.imul(OFFSET ^ codes[start]!, PRIME);
      const end = Math.min(length, start + LONGEST);
      for (let i = start + 1; i < end; i++) {
        hash = Math.imul(hash ^ codes[i]!, PRIME);
        const mixed = Math.imul(hash ^ (hash >>> 15), MIX);
        const place = (mixed ^ (mixed >>> 13)) & (HALF - 1);
        const count = counts[place]!;
        if (count === 0) touched[size++] = place;
        counts[place] = count + 1;
      }
    }
    return size;
  }

  /** @param touchedBefore places touched by then. @returns how many are touched now. */
  private countWords(textLength: number, touchedBefore: number): number {
    const { codes, counts, touched } = this;
    let size = touchedBefore;
    const count = (hash: number): void => {
      const mixed = Math.imul(hash ^ (hash >>> 15), MIX);
      const place = HALF + ((mixed ^ (mixed >>> 13)) & (HALF - 1));
      if (counts[place] === 0) touched[size++] = place;
      counts[place]!++;
    };
    let [last, beforeLast, known] = [0, 0, 0];
    let hash = OFFSET;
    let length = 0;
    for (let i = 0; i <= textLength; i++) {
      const code = i < textLength ? codes[i]! : SPACE;
      if (isWordCode(code)) {
        hash = Math.imul(hash ^ code, PRIME);
        length++;
        continue;
      }
      if (length === 0) continue;
      count(hash);
      if (known > 0) {
        const pair = Math.imul(hash ^ last, PRIME) + 1;
        count(pair);
        if (known > 1) count(Math.imul(pair ^ beforeLast, PRIME) + 2);
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
  private read(text: string): number {
    const lower = text.toLowerCase();
    if (this.codes.length < lower.length + 2) this.codes = new Uint16Array(2 * lower.length + 2);
    const { codes } = this;
    let size = 0;
    codes[size++] = SPACE;
    for (let i = 0; i < lower.length; i++) {
      const code = lower.charCodeAt(i);
      if (isSpace(code)) {
        if (codes[size - 1] !== SPACE) codes[size++] = SPACE;
      } else codes[size++] = code >= ZERO && code <= NINE ? ZERO : code;
    }
    if (codes[size - 1] !== SPACE) codes[size++] = SPACE;
    return size;
  }
}

/** Numbers in a block of memory. */
const BLOCK = 16_384;

/**
 * Room for many vectors, a block at a time: an array of its own for each sentence of a long text would cost more than to count its n-grams.
 * A block lives as long as any vector in it.
 */
class Room {
  private at = new Int32Array(0);
  private values = new Float32Array(0);
  private used = 0;

  take(size: number): { readonly at: Int32Array; readonly values: Float32Array } {
    if (this.used + size > this.at.length) {
      const length = Math.max(BLOCK, size);
      this.at = new Int32Array(length);
      this.values = new Float32Array(length);
      this.used = 0;
    }
    const [from, to] = [this.used, this.used + size];
    this.used = to;
    return { at: this.at.subarray(from, to), values: this.values.subarray(from, to) };
  }
}

function isSpace(code: number): boolean {
  return code <= SPACE || code === 0xa0 || (code >= 0x2000 && code <= 0x200a) || code === 0x2028 || code === 0x3000;
}

/** Letters, digits, the apostrophe, and everything beyond ASCII that is no space or general punctuation. */
function isWordCode(code: number): boolean {
  if (code < 128) {
    return (code >= ZERO && code <= NINE) || (code >= 97 && code <= 122) || code === 39 || code === 95;
  }
  return code >= 0xc0 && !(code >= 0x2000 && code <= 0x206f) && !(code >= 0x3000 && code <= 0x303f);
}

function toLength1(values: Float32Array, from: number, to: number): void {
  let square = 0;
  for (let i = from; i < to; i++) square += values[i]! * values[i]!;
  const scale = square === 0 ? 0 : 1 / Math.sqrt(square);
  for (let i = from; i < to; i++) values[i]! *= scale;
}
