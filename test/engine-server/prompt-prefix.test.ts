import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tokenise } from '#engine-server/simulated/prompt-prefix.js';

describe('a prompt as blocks', () => {
  const text = fc.string({ minLength: 0, maxLength: 400 });

  test('shares exactly the blocks that are equal from the start', () => {
    fc.assert(
      fc.property(text, text, text, (shared, one, other) => {
        const [a, b] = [shared + one, shared + other];
        const left = tokenise(a, 'm').prefix.hashes;
        const right = tokenise(b, 'm').prefix.hashes;
        for (let block = 0; block < Math.min(left.length, right.length); block++) {
          const end = (block + 1) * 64;
          expect(left[block] === right[block]).toBe(a.slice(0, end) === b.slice(0, end));
        }
      }),
    );
  });

  test('never has more tokens in blocks than in all, and hashes below 2^53', () => {
    fc.assert(
      fc.property(text, one => {
        const { tokens, prefix, digest } = tokenise(one, 'm');
        expect(tokens).toBeGreaterThanOrEqual(Math.max(1, prefix.hashes.length * prefix.blockTokens));
        for (const hash of [...Array.from(prefix.hashes), digest]) expect(Number.isSafeInteger(hash)).toBe(true);
      }),
    );
  });

  test('has other hashes for another model', () => {
    const long = 'x'.repeat(64);
    expect(tokenise(long, 'a').prefix.hashes[0]).not.toBe(tokenise(long, 'b').prefix.hashes[0]);
  });
});
