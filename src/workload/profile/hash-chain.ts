import { toUtf8 } from '#contract/wire-text.js';

/** Odd 32-bit multipliers with well-spread bits: murmur3's and xxHash's. */
const PAIR_A = 0xcc9e2d51 | 0;
const PAIR_B = 0x9e3779b1 | 0;
const LAST_A = 0x85ebca6b | 0;
const LAST_B = 0xc2b2ae35 | 0;

/** Bytes are hashed from here, 32 bits at a time: one native copy and typed reads cost a fifth of `charCodeAt` on every one. */
const SCRATCH_BYTES = 16_384;
const scratchWords = new Uint32Array(SCRATCH_BYTES / 4 + 1);
const scratch = Buffer.from(scratchWords.buffer);

/**
 * A chain of block hashes over pieces of text, built with no joined copy of them. Text is given as its UTF-8 bytes, one character
 * each (`toUtf8`).
 *
 * Words of 32 bits go into two lanes, `lane = rotl((lane ^ word) · odd, r)`, which loses nothing of a lane's state; words take turns
 * on two such twins, so that a processor works on four multiplications at once. At the end of a block the lanes together give one
 * integer below 2^53, which stands for all the text so far; an unfinished last block gives none. By the birthday bound 10^6
 * different blocks collide with a chance of about 6 · 10^-5. Not for secrets.
 */
export class HashChain {
  readonly hashes: number[] = [];
  private a = 0x2f0b4c47;
  private b = 0x6a09e667;
  private c = 0x3c6ef372;
  private d = 0x510e527f;
  /** Whole words of the block so far, and the bytes that do not make a word yet, with their number. */
  private words = 0;
  private rest = 0;
  private restBytes = 0;
  private readonly blockWords: number;

  /** @param blockBytes bytes in a block; a multiple of eight. */
  constructor(
    blockBytes: number,
    private readonly maxBlocks: number,
  ) {
    this.blockWords = blockBytes / 4;
  }

  /** Whether the chain has all the blocks it may have: what follows would change nothing. */
  get full(): boolean {
    return this.hashes.length >= this.maxBlocks;
  }

  /** Adds 32 bits that separate two pieces, or stand for something. They take no room in the block. */
  mark(bits: number): void {
    // Where in a word a piece ends is part of where it ends.
    const placed = bits ^ (this.restBytes << 30);
    this.a = rotated(this.a ^ placed, LAST_B, 13);
    this.b = rotated(this.b ^ placed, LAST_A, 17);
  }

  /** Adds an integer below 2^53 in place of what it stands for. It takes no room either. */
  markDigest(value: number): void {
    this.mark(value | 0);
    this.mark(Math.floor(value / 4_294_967_296));
  }

  /** Adds bytes, those of `utf8` from `at` to `until`. */
  bytes(utf8: string, at = 0, until: number = utf8.length): void {
    for (let from = at; from < until && !this.full; ) {
      const { restBytes } = this;
      const to = Math.min(until, from + SCRATCH_BYTES - restBytes);
      scratchWords[0] = this.rest;
      scratch.write(from === 0 && to === utf8.length ? utf8 : utf8.slice(from, to), restBytes, 'latin1');
      this.take(restBytes + to - from);
      from = to;
    }
  }

  /** What stands for all that was added, an unfinished block included: an integer below 2^53. */
  digest(): number {
    return this.value(this.words * 4 + this.restBytes, this.rest);
  }

  /** Hashes what stands in the scratch up to `length`, and keeps what is less than a word. */
  private take(length: number): void {
    const words = length >>> 2;
    let { a, b, c, d } = this;
    let at = 0;
    while (at < words) {
      const end = Math.min(words, at + this.blockWords - this.words);
      const taken = end - at;
      // The twins take turns by the place in the block, however the bytes came.
      if ((this.words & 1) === 1) {
        const word = scratchWords[at++]!;
        c = rotated(c ^ word, PAIR_A, 13);
        d = rotated(d ^ word, PAIR_B, 17);
      }
      for (; at + 1 < end; at += 2) {
        const left = scratchWords[at]!;
        const right = scratchWords[at + 1]!;
        a = Math.imul(a ^ left, PAIR_A);
        b = Math.imul(b ^ left, PAIR_B);
        c = Math.imul(c ^ right, PAIR_A);
        d = Math.imul(d ^ right, PAIR_B);
        a = (a << 13) | (a >>> 19);
        b = (b << 17) | (b >>> 15);
        c = (c << 13) | (c >>> 19);
        d = (d << 17) | (d >>> 15);
      }
      if (at < end) {
        const word = scratchWords[at++]!;
        a = rotated(a ^ word, PAIR_A, 13);
        b = rotated(b ^ word, PAIR_B, 17);
      }
      this.words += taken;
      if (this.words < this.blockWords) continue;
      this.words = 0;
      this.a = a;
      this.b = b;
      this.c = c;
      this.d = d;
      this.hashes.push(this.value(0, 0));
      if (this.full) return;
    }
    this.a = a;
    this.b = b;
    this.c = c;
    this.d = d;
    this.restBytes = length & 3;
    this.rest = this.restBytes === 0 ? 0 : scratchWords[words]! & ((1 << (8 * this.restBytes)) - 1);
  }

  /** Murmur3's finaliser over all lanes: 21 bits of one before 32 bits of the other. */
  private value(filled: number, rest: number): number {
    const left = avalanche(this.a ^ ((this.c << 11) | (this.c >>> 21)) ^ filled ^ Math.imul(rest, LAST_B));
    const right = avalanche(this.b ^ ((this.d << 7) | (this.d >>> 25)) ^ left ^ Math.imul(rest, LAST_A));
    return (right >>> 11) * 4_294_967_296 + ((left ^ Math.imul(right, PAIR_B)) >>> 0);
  }
}

function rotated(value: number, factor: number, turn: number): number {
  const mixed = Math.imul(value, factor);
  return (mixed << turn) | (mixed >>> (32 - turn));
}

function avalanche(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, LAST_A);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, LAST_B);
  return mixed ^ (mixed >>> 16);
}

/** Longer than any text: a chain of one block that never ends. */
const WHOLE = 2 ** 32;

/**
 * An integer below 2^53 for a list of texts, each as its UTF-8 bytes; where one ends and the next begins matters. Of a text longer
 * than twice `ends`, only that many bytes at either end and its length count, which bounds the work on what strangers send.
 */
export function fingerprint(texts: readonly string[], ends = 8192): number {
  const chain = new HashChain(WHOLE, 1);
  for (const utf8 of texts) {
    chain.mark(utf8.length);
    if (utf8.length <= 2 * ends) chain.bytes(utf8);
    else {
      chain.bytes(utf8, 0, ends);
      chain.bytes(utf8, utf8.length - ends);
    }
  }
  return chain.digest();
}

/**
 * What stands for a text that may be megabytes long, an image say, as UTF-8 bytes: the whole of it, or its two ends of `ends` characters
 * and its length.
 */
export function endsOf(text: string, ends = 8192): string {
  if (text.length <= 2 * ends) return toUtf8(text);
  return toUtf8(`${text.slice(0, ends)}\0${text.length}\0${text.slice(-ends)}`);
}

/** All numbers of three hexadecimal digits: `toString(16)` and `padStart` take five times as long as these look-ups. */
const THREE_DIGITS = Array.from({ length: 4096 }, (_, value) => value.toString(16).padStart(3, '0'));

/** A fingerprint as 14 hexadecimal digits. */
export function hex(value: number): string {
  const low = value % 4_294_967_296;
  const high = (value - low) / 4_294_967_296;
  const last = THREE_DIGITS[low & 0xff]!.slice(1);
  const before = THREE_DIGITS[low >>> 20]! + THREE_DIGITS[(low >>> 8) & 0xfff]!;
  return THREE_DIGITS[high >>> 12]! + THREE_DIGITS[high & 0xfff]! + before + last;
}
