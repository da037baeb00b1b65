import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { ByteRows, stepped } from '#models/kernels/byte-rows.js';
import { PAGE, PlainProducts, type RowProducts, vectorProducts } from '#models/kernels/row-products.js';

const bytes = (count: number, seed: number): Int8Array => {
  const random = seededRandom(seed);
  return Int8Array.from({ length: count }, () => random.below(256) - 128);
};

const KERNELS: readonly (readonly [string, () => RowProducts])[] = [
  ['the vector instructions of WebAssembly', () => vectorProducts()!],
  ['one product at a time', () => new PlainProducts()],
];

describe.each(KERNELS)('rows of bytes times a vector, by %s', (_, kernel) => {
  test('are what their sums are, whatever the width and whichever rows are asked for', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 40 }),
        fc.array(fc.integer({ min: -32_767, max: 32_767 }), { minLength: 1, maxLength: 500 }),
        fc.tuple(fc.nat(40), fc.nat(40)),
        (count, numbers, ends) => {
          const width = numbers.length;
          const rows = bytes(count * width, count + width);
          const [from, to] = ends.map(end => Math.min(end, count)).sort((a, b) => a - b) as [number, number];
          const products = new ByteRows(rows, count, width, kernel()).products(numbers, from, to);
          const plain = Array.from({ length: to - from }, (_, at) =>
            numbers.reduce((sum, number, i) => sum + number * rows[(from + at) * width + i]!, 0),
          );
          expect([...products]).toEqual(plain);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('keep their rows when the memory grows for others', () => {
    const one = kernel();
    one.grow(1);
    new Int8Array(one.buffer)[PAGE - 16] = 3;
    new Int16Array(one.buffer)[0] = 5;
    one.grow(20);
    expect(one.buffer.byteLength).toBe(21 * PAGE);
    one.products(PAGE - 16, 1, 16, 0, 64);
    expect(new Int32Array(one.buffer)[16]).toBe(15);
  });

  test('refuse a vector that is not as long as a row', () => {
    expect(() => new ByteRows(bytes(6, 1), 2, 3, kernel()).products([1, 2])).toThrow(RangeError);
  });
});

test('rows share one memory, and each keeps its own', () => {
  const all = Array.from({ length: 30 }, (_, at) => bytes(20_000, at));
  const rows = all.map(some => new ByteRows(some, 100, 200));
  const ones = new Int16Array(200).fill(1);
  for (const [at, some] of all.entries()) {
    expect(rows[at]!.products(ones)[99]).toBe(some.subarray(19_800).reduce((sum, value) => sum + value, 0));
  }
});

test('rows that nobody has any more leave their place to others', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const size = () => new ByteRows(new Int8Array(16), 1, 16).products(new Int16Array(16)).buffer.byteLength;
  const before = size();
  for (let round = 0; round < 60; round++) {
    new ByteRows(new Int8Array(1_000_000), 1000, 1000);
    collect();
    // Places are given back by a task of their own.
    await new Promise(resolve => setImmediate(resolve));
  }
  expect(size() - before).toBeLessThan(10_000_000);
});

describe('a vector in steps', () => {
  test('is what it was to a step, and no sum of it leaves 32 bits', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ min: -1000, max: 1000, noNaN: true }), { minLength: 1, maxLength: 3000 }),
        list => {
          const vector = Float32Array.from(list);
          const { numbers, step } = stepped(vector);
          for (const [at, value] of vector.entries()) {
            expect(Math.abs(numbers[at]! * step - value)).toBeLessThanOrEqual(step * 0.501);
          }
          const worst = numbers.reduce((sum, number) => sum + 128 * Math.abs(number), 0);
          expect(worst).toBeLessThan(2 ** 31);
        },
      ),
      { numRuns: 50 },
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])(
    'with %d in it has no step, so that nothing is made of it',
    value => {
      expect(stepped(Float32Array.of(1, value, 2)).step).not.toBeLessThan(Number.POSITIVE_INFINITY);
    },
  );

  test('of zeros is zeros', () => {
    expect([...stepped(new Float32Array(4)).numbers]).toEqual([0, 0, 0, 0]);
  });
});
