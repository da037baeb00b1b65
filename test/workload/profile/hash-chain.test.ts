import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toUtf8 } from '#contract/wire-text.js';
import { fingerprint as fingerprintBytes, HashChain, hex } from '#workload/profile/hash-chain.js';

const BLOCK = 16;
/** Characters of all widths, in pieces that are sometimes longer than the scratch. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 100 }),
  fc.string({ minLength: 1, maxLength: 20 }).map(piece => piece.repeat(900)),
);
const pieces = fc.array(text, { maxLength: 6 });

function chain(texts: readonly string[], block = BLOCK, max = 1e6): readonly number[] {
  const made = new HashChain(block, max);
  for (const piece of texts) {
    made.bytes(toUtf8(piece));
    made.mark(7);
  }
  return made.hashes;
}

const bytesOf = (texts: readonly string[]): string => toUtf8(texts.join(''));
const fingerprint = (texts: readonly string[], ends?: number): number => fingerprintBytes(texts.map(toUtf8), ends);

describe('HashChain', () => {
  it('gives one integer below 2^53 for every whole block, the same every time', () => {
    fc.assert(
      fc.property(pieces, texts => {
        const hashes = chain(texts);
        expect(hashes).toHaveLength(Math.floor(bytesOf(texts).length / BLOCK));
        expect(hashes.every(hash => Number.isSafeInteger(hash) && hash >= 0)).toBe(true);
        expect(chain(texts)).toEqual(hashes);
      }),
    );
  });

  it('agrees for two texts on exactly the blocks before the first difference', () => {
    fc.assert(
      fc.property(text, text, text, (shared, left, right) => {
        const a = chain([shared + left]);
        const b = chain([shared + right]);
        let same = 0;
        const one = toUtf8(shared + left);
        const other = toUtf8(shared + right);
        while (same < one.length && same < other.length && one[same] === other[same]) same++;
        const agree = Math.floor(same / BLOCK);
        expect(a.slice(0, agree)).toEqual(b.slice(0, agree));
        expect(a.slice(agree).filter((hash, i) => hash === b[agree + i])).toEqual([]);
      }),
    );
  });

  it('agrees on the whole blocks of earlier pieces whatever follows', () => {
    fc.assert(
      fc.property(pieces, pieces, (earlier, later) => {
        const before = chain(earlier);
        expect(chain([...earlier, ...later]).slice(0, before.length)).toEqual(before);
      }),
    );
  });

  it('sees the change of any one byte in all blocks from there on, wherever in a word it stands', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 0x7f }), { minLength: BLOCK * 3, maxLength: BLOCK * 3 }),
        fc.nat(BLOCK * 3 - 1),
        fc.integer({ min: 1, max: 0x7f }),
        (units, at, flip) => {
          const before = chain([String.fromCharCode(...units)]);
          units[at]! ^= flip;
          const after = chain([String.fromCharCode(...units)]);
          for (let i = 0; i < 3; i++) expect(before[i] === after[i]).toBe(i < Math.floor(at / BLOCK));
        },
      ),
    );
  });

  it('does not confuse where pieces end', () => {
    expect(chain(['ab', 'c'.repeat(40)])).not.toEqual(chain(['abc', 'c'.repeat(39)]));
    expect(fingerprint(['ab', 'c'])).not.toBe(fingerprint(['a', 'bc']));
    expect(fingerprint(['a', ''])).not.toBe(fingerprint(['a']));
  });

  it('does not let two changes of the topmost bit cancel', () => {
    const plain = chain(['a'.repeat(BLOCK)]);
    for (let i = 0; i < BLOCK; i++) {
      for (let j = i + 1; j < BLOCK; j++) {
        const bytes = new Array<number>(BLOCK).fill(97);
        bytes[i]! ^= 0x80;
        bytes[j]! ^= 0x80;
        const made = new HashChain(BLOCK, 1e6);
        made.bytes(String.fromCharCode(...bytes));
        expect(made.hashes[0]).not.toBe(plain[0]);
      }
    }
  });

  it('is the same however the bytes come', () => {
    fc.assert(
      fc.property(text, fc.nat(400), (whole, cut) => {
        const utf8 = toUtf8(whole);
        const at = Math.min(cut, utf8.length);
        const made = new HashChain(BLOCK, 1e6);
        made.bytes(utf8, 0, at);
        made.bytes(utf8, at);
        const once = new HashChain(BLOCK, 1e6);
        once.bytes(utf8);
        expect(made.hashes).toEqual(once.hashes);
        expect(made.digest()).toBe(once.digest());
      }),
    );
  });

  it('stops at its bound', () => {
    expect(chain(['x'.repeat(20_000)], BLOCK, 5)).toEqual(chain(['x'.repeat(5 * BLOCK)]));
  });

  it('finds no collision among 200,000 near texts', () => {
    const seen = new Set<number>();
    for (let i = 0; i < 200_000; i++) seen.add(fingerprint([`session-${i}`]));
    expect(seen.size).toBe(200_000);
  });
});

describe('fingerprint', () => {
  it('reads only the ends and the length of a long text', () => {
    const long = 'a'.repeat(100);
    expect(fingerprint([`${long}x${long}`], 100)).toBe(fingerprint([`${long}y${long}`], 100));
    expect(fingerprint([`${long}xx${long}`], 100)).not.toBe(fingerprint([`${long}x${long}`], 100));
    expect(fingerprint([`${long}x${long}`], 101)).not.toBe(fingerprint([`${long}y${long}`], 101));
  });

  it('is written as 14 hexadecimal digits that tell the values apart', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), value => {
        expect(hex(value)).toMatch(/^[0-9a-f]{14}$/);
        expect(Number.parseInt(hex(value), 16)).toBe(value);
      }),
    );
  });
});
