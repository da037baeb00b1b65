/** Odd 32-bit multipliers with well-spread bits: murmur3's and xxHash's. */
const PAIR_A = 0xcc9e2d51 | 0;
const PAIR_B = 0x9e3779b1 | 0;
const LAST_A = 0x85ebca6b | 0;
const LAST_B = 0xc2b2ae35 | 0;

/** Text is hashed from here, 32 bits at a time: one native copy and typed reads cost a third of `charCodeAt` on every unit. */
const SCRATCH_UNITS = 8192;
const scratch = new Uint16Array(SCRATCH_UNITS + 2);
const scratchPairs = new Uint32Array(scratch.buffer);
const scratchBytes = Buffer.from(scratch.buffer);
/** Below this many units the native call costs more than it saves. */
const SHORT = 48;

/**
 * A chain of block hashes over pieces of text, built with no joined copy of them.
 *
 * Every pair of UTF-16 units goes into two 32-bit lanes, `lane = rotl((lane ^ pair) · odd, r)`, which loses nothing of a lane's
 * state; pairs take turns on two such twins, so that a processor works on four multiplications at once. At the end of a block
 * the lanes together give one integer below 2^53, which stands for all the text so far; an unfinished last block gives none.
 * By the birthday bound 10^6 different blocks collide with a chance of about 6 · 10^-5. Not for secrets.
 */
export class HashChain {
  readonly hashes: number[] = [];
  private a = 0x2f0b4c47;
  private b = 0x6a09e667;
  private c = 0x3c6ef372;
  private d = 0x510e527f;
  private filled = 0;

  /** @param blockChars units in a block; even. */
  constructor(
    private readonly blockChars: number,
    private readonly maxBlocks: number,
  ) {}

  /** Whether the chain has all the blocks it may have: what follows would change nothing. */
  get full(): boolean {
    return this.hashes.length >= this.maxBlocks;
  }

  /** Adds 32 bits that separate two pieces, or stand for something. They take no room in the block. */
  mark(bits: number): void {
    this.a = rotated(this.a ^ bits, LAST_B, 13);
    this.b = rotated(this.b ^ bits, LAST_A, 17);
  }

  /** Adds an integer below 2^53 in place of what it stands for. It takes no room either. */
  markDigest(value: number): void {
    this.mark(value | 0);
    this.mark(Math.floor(value / 4_294_967_296));
  }

  /** Adds the text from `at` to `until`. */
  text(text: string, at = 0, until: number = text.length): void {
    for (let from = at; from < until && !this.full; ) {
      const offset = this.filled & 1;
      const to = Math.min(until, from + SCRATCH_UNITS);
      load(text, from, to, offset);
      this.take(offset, offset + to - from);
      from = to;
    }
  }

  /** What stands for all that was added, an unfinished block included: an integer below 2^53. */
  digest(): number {
    return this.value(this.filled);
  }

  /** Hashes what stands in the scratch. Pairs are cut at even places of the block, which are even places of the scratch. */
  private take(from: number, until: number): void {
    let { a, b, c, d } = this;
    let at = from;
    while (at < until) {
      const end = Math.min(until, at + this.blockChars - this.filled);
      this.filled += end - at;
      if ((at & 1) === 1) {
        const unit = scratch[at++]!;
        a = rotated(a ^ unit, LAST_A, 13);
        b = rotated(b ^ unit, LAST_B, 17);
      }
      const pairs = end >> 1;
      let pair = at >> 1;
      for (; pair + 1 < pairs; pair += 2) {
        const left = scratchPairs[pair]!;
        const right = scratchPairs[pair + 1]!;
        a = Math.imul(a ^ left, PAIR_A);
        b = Math.imul(b ^ left, PAIR_B);
        c = Math.imul(c ^ right, PAIR_A);
        d = Math.imul(d ^ right, PAIR_B);
        a = (a << 13) | (a >>> 19);
        b = (b << 17) | (b >>> 15);
        c = (c << 13) | (c >>> 19);
        d = (d << 17) | (d >>> 15);
      }
      if (pair < pairs) {
        const left = scratchPairs[pair++]!;
        a = rotated(a ^ left, PAIR_A, 13);
        b = rotated(b ^ left, PAIR_B, 17);
      }
      at = pair * 2;
      if (at < end) {
        const unit = scratch[at++]!;
        a = rotated(a ^ unit, LAST_A, 13);
        b = rotated(b ^ unit, LAST_B, 17);
      }
      if (this.filled < this.blockChars) continue;
      this.filled = 0;
      this.a = a;
      this.b = b;
      this.c = c;
      this.d = d;
      this.hashes.push(this.value(0));
      if (this.full) return;
    }
    this.a = a;
    this.b = b;
    this.c = c;
    this.d = d;
  }

  /** Murmur3's finaliser over all lanes: 21 bits of one before 32 bits of the other. */
  private value(filled: number): number {
    const left = avalanche(this.a ^ ((this.c << 11) | (this.c >>> 21)) ^ filled);
    const right = avalanche(this.b ^ ((this.d << 7) | (this.d >>> 25)) ^ left);
    return (right >>> 11) * 4_294_967_296 + ((left ^ Math.imul(right, PAIR_B)) >>> 0);
  }
}

/** Copies the text from `from` to `to` into the scratch. */
function load(text: string, from: number, to: number, offset: number): void {
  if (to - from < SHORT) {
    for (let i = from; i < to; i++) scratch[offset + i - from] = text.charCodeAt(i);
    return;
  }
  scratchBytes.write(from === 0 && to === text.length ? text : text.slice(from, to), offset * 2, 'utf16le');
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
const WHOLE = 2 ** 40;

/**
 * An integer below 2^53 for a list of texts; where one ends and the next begins matters. Of a text longer than twice `ends`,
 * only that many characters at either end and its length count, which bounds the work on what strangers send.
 */
export function fingerprint(texts: readonly string[], ends = 8192): number {
  const chain = new HashChain(WHOLE, 1);
  for (const text of texts) {
    chain.mark(text.length);
    if (text.length <= 2 * ends) chain.text(text);
    else {
      chain.text(text, 0, ends);
      chain.text(text, text.length - ends);
    }
  }
  return chain.digest();
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
