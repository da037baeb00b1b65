import type { SparseVector } from './sparse-vector.js';

/** Places that n-grams are hashed to: the lower half for characters, the upper for words. */
export const BUCKETS = 65_536;
/** Places below this are of characters, the rest of words. */
export const CHARACTERS = BUCKETS / 2;
const HALF = CHARACTERS;
const SHORTEST = 2;
const LONGEST = 5;
const MOST_WORDS = 3;
const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;
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
  private readonly counts = new Float32Array(BUCKETS);
  private readonly touched = new Int32Array(BUCKETS);
  private size = 0;

  features(text: string): SparseVector {
    const codes = codesOf(text);
    this.size = 0;
    this.countCharacters(codes);
    const characters = this.size;
    this.countWords(codes);
    const { counts } = this;
    const at = this.touched.slice(0, this.size);
    const values = new Float32Array(at.length);
    for (let i = 0; i < at.length; i++) {
      const place = at[i]!;
      const count = counts[place]!;
      values[i] = DAMPED[count] ?? 1 + Math.log(count);
      counts[place] = 0;
    }
    toLength1(values.subarray(0, characters));
    toLength1(values.subarray(characters));
    return { at, values };
  }

  private countCharacters(codes: Uint16Array): void {
    for (let start = 0; start < codes.length; start++) {
      let hash = OFFSET;
      const end = Math.min(codes.length, start + LONGEST);
      for (let i = start; i < end; i++) {
        hash = Math.imul(hash ^ codes[i]!, PRIME);
        if (i - start >= SHORTEST - 1) this.count(placeOf(hash, 0));
      }
    }
  }

  private countWords(codes: Uint16Array): void {
    const last = new Int32Array(MOST_WORDS - 1);
    let known = 0;
    let hash = OFFSET;
    let length = 0;
    for (let i = 0; i <= codes.length; i++) {
      const code = codes[i] ?? SPACE;
      if (isWordCode(code)) {
        hash = Math.imul(hash ^ code, PRIME);
        length++;
        continue;
      }
      if (length === 0) continue;
      let gram = hash;
      this.count(placeOf(gram, HALF));
      for (let back = 0; back < known; back++) {
        gram = Math.imul(gram ^ last[back]!, PRIME) + back + 1;
        this.count(placeOf(gram, HALF));
      }
      last.copyWithin(1, 0);
      last[0] = hash;
      known = Math.min(MOST_WORDS - 1, known + 1);
      hash = OFFSET;
      length = 0;
    }
  }

  private count(place: number): void {
    if (this.counts[place] === 0) this.touched[this.size++] = place;
    this.counts[place]!++;
  }
}

/** Mixes the upper bits down, for FNV's lower ones alone are poor. */
function placeOf(hash: number, offset: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return offset + ((mixed ^ (mixed >>> 13)) & (HALF - 1));
}

function codesOf(text: string): Uint16Array {
  const lower = text.toLowerCase();
  const codes = new Uint16Array(lower.length + 2);
  let size = 0;
  codes[size++] = SPACE;
  for (let i = 0; i < lower.length; i++) {
    const code = lower.charCodeAt(i);
    if (isSpace(code)) {
      if (codes[size - 1] !== SPACE) codes[size++] = SPACE;
    } else codes[size++] = code >= ZERO && code <= NINE ? ZERO : code;
  }
  if (codes[size - 1] !== SPACE) codes[size++] = SPACE;
  return codes.subarray(0, size);
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

function toLength1(values: Float32Array): void {
  let square = 0;
  for (let i = 0; i < values.length; i++) square += values[i]! * values[i]!;
  const scale = square === 0 ? 0 : 1 / Math.sqrt(square);
  for (let i = 0; i < values.length; i++) values[i]! *= scale;
}
