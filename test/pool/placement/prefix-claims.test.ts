import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PlacementRequest } from '#contract/placement.js';
import { seededRandom } from '#contract/random.js';
import { createPlacer } from '#pool/placement/create-placer.js';
import { type PrefixClaim, PrefixClaims } from '#pool/placement/prefix-claims.js';
import { PrefixIndex } from '#pool/placement/prefix-index.js';
import { ANSWERED, ask, bench, plain, profile } from '../support.js';

const BLOCK = 16;
const chainOf = (path: readonly number[]) =>
  path.map((_, i) => path.slice(0, i + 1).reduce((sum, digit) => sum * 4 + digit, 0) * 2 ** 21 + i);
const chain = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 8 }).map(chainOf);

function asking(hashes: readonly number[], promptTokens = hashes.length * BLOCK): PlacementRequest {
  const prefix = { hashes, blockTokens: BLOCK };
  return { model: 'm', promptTokens, outputTokens: 1, prefix, session: 's', constraints: {}, exclude: [] };
}

/** An engine's cache: blocks in use stay, those let go leave in the order in which they were let go, the end of a chain first. */
class Cache {
  /** Requests that use a block; at 0 it may go. In the order in which blocks were let go. */
  private readonly users = new Map<number, number>();

  constructor(private readonly blocks: number) {}

  start(hashes: readonly number[]): number {
    const found = this.found(hashes);
    for (const hash of hashes) this.users.set(hash, (this.users.get(hash) ?? 0) + 1);
    for (const [hash, users] of this.users) if (users === 0 && this.users.size > this.blocks) this.users.delete(hash);
    return found;
  }

  end(hashes: readonly number[]): void {
    for (const hash of [...hashes].reverse()) {
      const users = this.users.get(hash)! - 1;
      if (users === 0) this.users.delete(hash);
      this.users.set(hash, users);
    }
    for (const [hash, users] of this.users) if (users === 0 && this.users.size > this.blocks) this.users.delete(hash);
  }

  found(hashes: readonly number[]): number {
    const gap = hashes.findIndex(hash => !this.users.has(hash));
    return gap < 0 ? hashes.length : gap;
  }
}

function usage(hashes: readonly number[], cached: number) {
  return { promptTokens: hashes.length * BLOCK, completionTokens: 1, cachedTokens: cached * BLOCK };
}

describe('prefix claims', () => {
  test('forget nothing that the engine still holds, with requests that overlap', () => {
    let forgotten = 0;
    const step = fc.record({ hashes: chain, ends: fc.nat({ max: 3 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 4, max: 20 }), (steps, blocks) => {
        const index = new PrefixIndex();
        const claims = new PrefixClaims(index);
        const cache = new Cache(blocks);
        const running: { hashes: readonly number[]; claim: PrefixClaim; cached: number }[] = [];
        const seen: (readonly number[])[] = [];
        for (const { hashes, ends } of steps) {
          seen.push(hashes);
          const claim = claims.begin(asking(hashes), hashes, 'a')!;
          index.insert(hashes, 'a', 1000);
          running.push({ hashes, claim, cached: cache.start(hashes) });
          for (let i = 0; i < ends && running.length > 0; i++) {
            const [one] = running.splice(i % running.length, 1);
            const before = seen.map(each => index.match(each).blocksOn('a'));
            cache.end(one!.hashes);
            forgotten += claims.end(one!.claim, true, usage(one!.hashes, one!.cached));
            seen.forEach((each, at) => {
              const after = index.match(each).blocksOn('a');
              expect(after).toBeGreaterThanOrEqual(Math.min(before[at]!, cache.found(each)));
            });
          }
        }
      }),
      { seed: 5, numRuns: 300 },
    );
    expect(forgotten).toBeGreaterThan(100);
  });

  const long = (from: number) => Array.from({ length: 20 }, (_, i) => from + i);

  function told() {
    const index = new PrefixIndex();
    const claims = new PrefixClaims(index);
    const send = (hashes: readonly number[], promptTokens?: number) => {
      const claim = claims.begin(asking(hashes, promptTokens), hashes, 'a')!;
      index.insert(hashes, 'a', 1000);
      return claim;
    };
    const serve = (hashes: readonly number[], cached: number) => claims.end(send(hashes), true, usage(hashes, cached));
    const known = (hashes: readonly number[]) => index.match(hashes).blocksOn('a');
    return { index, claims, send, serve, known };
  }

  test('what was let go before a prefix that is gone is gone too; the prompt that was just computed and later ones stay', () => {
    const { serve, known } = told();
    serve([1], 0);
    serve([1], 1);
    const [old, asked, young] = [long(100), long(200), long(300)];
    serve(old, 0);
    serve(asked, 0);
    serve(young, 0);
    expect(serve(asked, 2)).toBe(21);
    expect([old, asked, young].map(known)).toEqual([0, 20, 20]);
  });

  test('a 0 of an engine that never reported anything forgets nothing, nor does one after a restart', () => {
    const { claims, serve, known } = told();
    const [old, asked] = [long(100), long(200)];
    serve(old, 0);
    serve(asked, 0);
    expect(serve(asked, 0)).toBe(0);
    serve(asked, 20);
    claims.forget('a');
    expect(serve(asked, 0)).toBe(0);
    expect(known(old)).toBe(20);
  });

  test('a block, or a tenth, short is no evidence; nor is a prompt that was estimated longer than it is', () => {
    const { claims, send, serve } = told();
    const [old, asked] = [long(100), long(200)];
    serve(old, 0);
    serve(asked, 0);
    expect(serve(asked, 18)).toBe(0);
    const estimated = send(asked, 20 * BLOCK);
    expect(
      claims.end(estimated, true, { promptTokens: 10 * BLOCK, completionTokens: 1, cachedTokens: 10 * BLOCK }),
    ).toBe(0);
    expect(serve(asked, 17)).toBe(20);
  });

  test('a prefix still in flight elsewhere, or of a request that was never answered, is no evidence', () => {
    const { claims, send, serve, known } = told();
    const [old, asked] = [long(100), long(200)];
    serve(old, 0);
    serve(old, 20);
    const first = send(asked);
    expect(serve(asked, 0)).toBe(0);
    claims.end(first, false, undefined);
    const cancelled = send(long(300));
    claims.end(cancelled, false, undefined);
    expect(serve(long(300), 0)).toBe(0);
    expect(known(old)).toBe(20);
  });

  test('of requests whose end is not told nothing is concluded', () => {
    const { index, serve } = told();
    const [old, asked] = [long(100), long(200)];
    serve(old, 0);
    serve(old, 20);
    index.insert(asked, 'a', 1000, false);
    expect(serve(asked, 0)).toBe(0);
  });
});

test('a pool expects no more of a replica than what its answers leave it to believe', () => {
  const placer = () => createPlacer('prefix', { random: seededRandom(1) });
  const { pool } = bench(plain(1), { placer });
  const prompt = (from: number) => chainOf([1, 2, 3, 1, 2, 3, 1, 2].map((digit, i) => (i === 0 ? from : digit)));
  const serve = (hashes: readonly number[], cached: number) => {
    const { lease } = ask(pool, { promptTokens: 8 * BLOCK, prefix: { hashes, blockTokens: BLOCK } });
    lease.sent();
    lease.firstByte();
    lease.release({ ...ANSWERED, usage: usage(hashes, cached) });
    return lease.placement.expectedPrefixTokens;
  };
  const expected = (hashes: readonly number[]) =>
    pool.quote('m', { ...profile(8 * BLOCK), prefix: () => ({ hashes, blockTokens: BLOCK }) }).prefixHitTokens;
  serve(prompt(1), 0);
  expect(serve(prompt(1), 7)).toBe(8 * BLOCK);
  serve(prompt(2), 0);
  expect(expected(prompt(1))).toBe(8 * BLOCK);
  serve(prompt(2), 0);
  expect(expected(prompt(1))).toBe(0);
  expect(expected(prompt(2))).toBe(8 * BLOCK);
});
