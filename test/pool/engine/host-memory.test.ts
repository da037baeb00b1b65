import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PromptPrefix } from '#contract/profile.js';
import { createEngine, type EngineOptions } from '#pool/engine/batching-engine.js';
import type { Engine } from '#pool/engine/engine.js';
import { HostCache } from '#pool/engine/host-cache.js';
import { engineProfile } from '#pool/engine/profile.js';
import { BlockLedger } from '#pool/placement/blocks/block-ledger.js';

const SIZE = 16;
const profile = engineProfile({ model: 'llama-3.1-8b', gpu: 'h100', blocks: 8, contextTokens: 128 });
const LINK = { blocks: 64, bandwidth: 25e9 };
/** A prompt of blocks, each hashed with all before it, and a tail that ends no block. */
const prefixOf = (path: readonly number[]): PromptPrefix => ({
  hashes: path.map((_, end) => path.slice(0, end + 1).reduce((sum, digit) => sum * 8 + digit, 1)),
  blockTokens: SIZE,
});

/** Runs one prompt to its end. @returns when its first token came, what was cached, and how long its first iteration took. */
function run(engine: Engine, id: number, path: readonly number[], now: number) {
  engine.submit({ id, promptTokens: path.length * SIZE + 1, outputTokens: 1, prefix: prefixOf(path) }, now);
  const iteration = engine.step(now)!;
  return {
    ms: iteration.endsAt - iteration.startedAt,
    cached: iteration.events[0]!.cachedTokens,
    endsAt: iteration.endsAt,
  };
}

describe("the host's memory", () => {
  test('holds what was used last, whatever comes', () => {
    const step = fc.record({ put: fc.boolean(), first: fc.nat(5), length: fc.integer({ min: 1, max: 4 }) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(step, { maxLength: 60 }), (capacity, steps) => {
        let expected: number[] = [];
        const dropped: number[] = [];
        const cache = new HostCache(capacity, hash => dropped.push(hash));
        for (const { put, first, length } of steps) {
          const hashes = Array.from({ length }, (_, at) => first + at);
          if (put) {
            const fresh = !expected.includes(first);
            expected = [...expected.filter(hash => hash !== first), first];
            expect(cache.put(first, 1)).toBe(fresh);
            expect(dropped.splice(0)).toEqual(expected.splice(0, Math.max(0, expected.length - capacity)));
          } else {
            const missing = hashes.findIndex(hash => !expected.includes(hash));
            const found = hashes.slice(0, missing < 0 ? length : missing);
            expect(cache.take({ hashes, blockTokens: 1 }, 0, length)).toBe(found.length);
            expected = [...expected.filter(hash => !found.includes(hash)), ...found.reverse()];
          }
        }
      }),
    );
  });

  test('gives back what the GPUs had to give up, for bytes over bandwidth', () => {
    const thirdOf = (options: EngineOptions) => {
      const engine = createEngine(profile, options);
      const first = run(engine, 1, [1, 2, 3, 4], 0);
      const other = run(engine, 2, [5, 6, 7, 0, 1, 2], first.endsAt);
      return { engine, ...run(engine, 3, [1, 2, 3, 4], other.endsAt) };
    };
    expect(thirdOf({}).cached).toBeLessThan(4 * SIZE);
    const { cached, engine } = thirdOf({ host: LINK });
    expect(cached).toBe(4 * SIZE);
    const { hostTokens, cachedTokens } = engine.stats();
    expect(hostTokens).toBeGreaterThan(0);
    expect(hostTokens).toBeLessThanOrEqual(cachedTokens);
    // A link so slow that nothing else of the iteration matters.
    const slow = thirdOf({ host: { ...LINK, bandwidth: 1e6 } });
    const bytes = slow.engine.stats().hostTokens! * profile.cost.kvBytesPerToken;
    expect(slow.ms).toBeCloseTo((1000 * bytes) / 1e6, 6);
    expect(thirdOf({ host: { ...LINK, bandwidth: 1e15 } }).ms).toBeLessThan(slow.ms);
  });

  test('what the listener hears is what would be found, in either memory', () => {
    const path = fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        fc.array(path, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 0, max: 12 }),
        path,
        (paths, host, asked) => {
          const ledger = new BlockLedger();
          ledger.linked('e', true);
          ledger.began('e', 'exact');
          const tell = (
            kind: 'stored' | 'removed',
            hash: number,
            tier: 'device' | 'host',
            prefix?: PromptPrefix,
            at = 0,
          ) =>
            ledger.told('e', [
              kind === 'removed'
                ? { kind, blocks: [hash], tier }
                : {
                    ...{
                      kind,
                      blocks: [hash],
                      tier,
                      salts: [],
                      blockTokens: 1,
                      tokens: prefix === undefined ? [] : [hash],
                    },
                    parent: at === 0 ? undefined : prefix?.hashes[at - 1],
                  },
            ]);
          const engine = createEngine(profile, {
            ...(host > 0 && { host: { blocks: host, bandwidth: 25e9 } }),
            cache: {
              stored: (prefix, at) => tell('stored', prefix.hashes[at]!, 'device', prefix, at),
              removed: hash => tell('removed', hash, 'device'),
              offloaded: hash => tell('stored', hash, 'host'),
              dropped: hash => tell('removed', hash, 'host'),
            },
          });
          let now = 0;
          for (const [id, one] of paths.entries()) now = run(engine, id, one, now).endsAt;
          const prefix = prefixOf(asked);
          const held = ledger.held('e', [...(prefix.hashes as number[]), 0], '')!;
          expect(held.disk).toBe(0);
          const found = engine.cached(prefix, asked.length * SIZE + 1) / SIZE;
          // The engine looks into the host's memory behind its own only, and not once more into its own behind that.
          expect(held.device + held.host).toBeGreaterThanOrEqual(found);
          if (held.host === 0) expect(held.device).toBe(found);
        },
      ),
    );
  });
});
