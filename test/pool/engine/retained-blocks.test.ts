import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BlockPool, type CacheEntry } from '#pool/engine/block-pool.js';

/** A pool of `total` blocks, and a way to put a chain of one-block entries into its cache. */
function pool(total: number) {
  const blocks = new BlockPool(total);
  const cache = (first: number, length: number, keep?: { priority: number; until: number }): void => {
    const held: CacheEntry[] = [];
    for (let i = 0; i < length; i++) {
      blocks.take(1);
      const entry = blocks.publish(first + i, 16, 1)!;
      if (keep !== undefined) blocks.retain(entry, keep.priority, keep.until);
      held.push(entry);
    }
    blocks.release(held);
  };
  const cached = (first: number, length: number) =>
    blocks.lookup({ hashes: Array.from({ length }, (_, i) => first + i), blockTokens: 16 }, length);
  return { blocks, cache, cached };
}

describe('blocks that are asked to be kept', () => {
  test('go after all others, however long they are unused, and lower priorities first', () => {
    const { cache, cached } = pool(9);
    cache(100, 3, { priority: 80, until: 1000 });
    cache(200, 3, { priority: 20, until: 1000 });
    cache(300, 3);
    cache(400, 3);
    expect([cached(100, 3), cached(200, 3), cached(300, 3), cached(400, 3)]).toEqual([3, 3, 0, 3]);
    cache(500, 6);
    expect([cached(100, 3), cached(200, 3), cached(400, 3), cached(500, 6)]).toEqual([3, 0, 0, 6]);
  });

  test('give way all the same when nothing else is left', () => {
    const { blocks, cache, cached } = pool(4);
    cache(100, 4, { priority: 100, until: 1000 });
    expect(blocks.take(3)).toBe(true);
    expect(cached(100, 4)).toBe(1);
  });

  test('go by their last use again when their time is over, the end of a chain before its beginning', () => {
    const { blocks, cache, cached } = pool(8);
    cache(100, 4, { priority: 90, until: 1000 });
    cache(200, 4);
    blocks.now = 1000;
    cache(300, 2);
    expect([cached(100, 4), cached(200, 4), cached(300, 2)]).toEqual([2, 4, 2]);
    cache(400, 2, { priority: 90, until: 1500 });
    expect(cached(100, 4)).toBe(0);
    blocks.now = 2000;
    // Used after the chains at 200 and 300: those go first.
    cache(500, 4);
    expect([cached(200, 4), cached(300, 2), cached(400, 2)]).toEqual([0, 2, 2]);
  });

  test('of several wishes the highest priority and the latest time count', () => {
    const { blocks, cache, cached } = pool(6);
    cache(100, 2, { priority: 10, until: 500 });
    const held: CacheEntry[] = [];
    blocks.reference({ hashes: [100, 101], blockTokens: 16 }, 2, held);
    for (const entry of held) blocks.retain(entry, 90, 300);
    blocks.release(held);
    cache(200, 2, { priority: 50, until: 1000 });
    blocks.now = 400;
    cache(300, 4);
    expect([cached(100, 2), cached(200, 2)]).toEqual([2, 0]);
  });

  test('no sequence of uses loses a block or holds more than there are', () => {
    const use = fc.record({
      chain: fc.nat(5),
      length: fc.integer({ min: 1, max: 5 }),
      keep: fc.option(fc.record({ priority: fc.integer({ min: -5, max: 150 }), until: fc.nat(60) }), {
        nil: undefined,
      }),
      now: fc.nat(60),
    });
    fc.assert(
      fc.property(fc.array(use, { maxLength: 40 }), uses => {
        const { blocks } = pool(12);
        let now = 0;
        for (const { chain, length, keep, now: later } of uses) {
          now = Math.max(now, later);
          blocks.now = now;
          const prefix = { hashes: Array.from({ length }, (_, i) => chain * 10 + i), blockTokens: 16 };
          const held: CacheEntry[] = [];
          const hits = blocks.lookup(prefix, length);
          blocks.reference(prefix, hits, held);
          let own = 0;
          for (let i = hits; i < length; i++) {
            if (!blocks.take(1)) break;
            const entry = blocks.publish(prefix.hashes[i]!, 16, 1);
            if (entry === undefined) own++;
            else held.push(entry);
          }
          if (keep !== undefined) for (const entry of held) blocks.retain(entry, keep.priority, keep.until);
          expect(blocks.used + blocks.cached).toBeLessThanOrEqual(12);
          blocks.release(held);
          blocks.give(own);
          expect(blocks.used).toBe(0);
        }
        expect(blocks.take(12)).toBe(true);
        expect(blocks.cached).toBe(0);
      }),
      { numRuns: 100 },
    );
  });
});
