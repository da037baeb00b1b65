import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PrefixIndex } from '#pool/placement/prefix-index.js';

/** Chains whose hashes follow from all before them, as real ones do: the path of small digits, read as a number. */
const chain = fc
  .array(fc.integer({ min: 1, max: 3 }), { maxLength: 10 })
  .map(path => path.map((_, i) => path.slice(0, i + 1).reduce((sum, digit) => sum * 4 + digit, 0) * 2 ** 21 + i));

const NAMES = ['a', 'b', 'c', 'd', 'e'];
const operation = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('insert'), chain, replica: fc.constantFrom(...NAMES) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget'), chain, replica: fc.constantFrom(...NAMES) }) },
);

/** The same, said plainly: an LRU list of hashes, a whole chain moved to its young end, its beginning last. */
class Model {
  readonly lists = new Map<string, number[]>();

  insert(hashes: readonly number[], replica: string, capacity: number): void {
    if (capacity < 1 || hashes.length === 0) return;
    const kept = hashes.slice(0, capacity);
    const rest = (this.lists.get(replica) ?? []).filter(hash => !kept.includes(hash));
    this.lists.set(replica, [...rest, ...kept.reverse()].slice(-capacity));
  }

  match(hashes: readonly number[], replica: string): number {
    const held = new Set(this.lists.get(replica));
    const gap = hashes.findIndex(hash => !held.has(hash));
    return gap < 0 ? hashes.length : gap;
  }
}

describe('prefix index', () => {
  test('agrees with a naive model', () => {
    fc.assert(
      fc.property(
        fc.array(operation, { maxLength: 60 }),
        chain,
        fc.integer({ min: 1, max: 25 }),
        (steps, probe, capacity) => {
          const index = new PrefixIndex();
          const model = new Model();
          for (const step of steps) {
            if (step.kind === 'insert') {
              index.insert(step.chain, step.replica, capacity);
              model.insert(step.chain, step.replica, capacity);
            } else {
              index.forget(step.replica);
              model.lists.delete(step.replica);
            }
            for (const hashes of [probe, step.chain]) {
              const match = index.match(hashes);
              const expected = NAMES.map(name => model.match(hashes, name));
              expect(NAMES.map(name => match.blocksOn(name))).toEqual(expected);
              expect(match.deepest).toBe(Math.max(...expected));
            }
          }
          for (const name of NAMES) expect(index.sizeOf(name)).toBe(model.lists.get(name)?.length ?? 0);
        },
      ),
    );
  });

  test('never exceeds its caps and loses nothing it still counts', () => {
    fc.assert(
      fc.property(
        fc.array(operation, { maxLength: 80 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 5 }),
        (steps, maxEntries, maxReplicas) => {
          const index = new PrefixIndex({ maxEntries, maxReplicas });
          for (const { kind, chain: hashes, replica } of steps) {
            if (kind === 'insert') index.insert(hashes, replica, 20);
            else index.forget(replica);
            expect(index.size).toBeLessThanOrEqual(maxEntries);
            expect(index.replicas).toBeLessThanOrEqual(maxReplicas);
            expect(NAMES.reduce((sum, name) => sum + index.sizeOf(name), 0)).toBe(index.size);
            if (kind === 'insert') {
              expect(index.match(hashes).blocksOn(replica)).toBe(Math.min(hashes.length, 20, maxEntries));
            }
          }
        },
      ),
    );
  });

  test('ids that are no chain ids do no harm', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 12 }), { maxLength: 40 }), lists => {
        const index = new PrefixIndex({ maxEntries: 20 });
        for (const [i, hashes] of lists.entries()) {
          index.insert(hashes, NAMES[i % 3]!, 8);
          expect(index.sizeOf(NAMES[i % 3]!)).toBeLessThanOrEqual(8);
          expect(index.match(hashes).deepest).toBeLessThanOrEqual(hashes.length);
        }
        for (const name of NAMES) index.forget(name);
        expect(index.size).toBe(0);
      }),
    );
  });

  test('with more replicas than it tells exactly, the best are exact and the rest get what all hold', () => {
    const index = new PrefixIndex({ maxMatches: 4 });
    const names = Array.from({ length: 20 }, (_, i) => `r${i}`);
    for (const name of names) index.insert([1, 2], name, 100);
    for (const name of names.slice(0, 10)) index.insert([1, 2, 3], name, 100);
    index.insert([1, 2, 3, 4, 5], 'r0', 100);
    index.insert([1, 2, 3, 4], 'r1', 100);
    const match = index.match([1, 2, 3, 4, 5, 6]);
    expect(match.deepest).toBe(5);
    expect(match.blocksOn('r0')).toBe(5);
    expect(match.blocksOn('r1')).toBe(4);
    const rest = names.slice(2).map(name => match.blocksOn(name));
    expect(rest.filter(blocks => blocks === 3)).toHaveLength(2);
    expect(rest.filter(blocks => blocks === 2)).toHaveLength(16);
  });

  test('memory stays where it says when far more comes than fits', () => {
    const index = new PrefixIndex({ maxEntries: 4096 });
    for (let i = 0; i < 2000; i++) {
      index.insert(
        Array.from({ length: 50 }, (_, j) => i * 64 + j),
        `r${i % 7}`,
        10_000,
      );
    }
    expect(index.size).toBe(4096);
    expect(index.bytes).toBeLessThanOrEqual(4096 * 112 + 1024 * 12 + 64 * 4);
  });

  test('nothing is kept for a replica without a cache', () => {
    const index = new PrefixIndex();
    for (const capacity of [0, -1, Number.NaN]) index.insert([1, 2], 'a', capacity);
    expect(index.size).toBe(0);
    expect(index.match([1, 2]).blocksOn('a')).toBe(0);
  });
});
