import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KvTier } from '#contract/kv-events.js';
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
  test('holds what was used last, what it gives up goes to storage, and the listener hears of all of it', () => {
    const step = fc.record({ put: fc.boolean(), first: fc.nat(5), length: fc.integer({ min: 1, max: 4 }) });
    const sizes = fc.record({ host: fc.integer({ min: 0, max: 5 }), disk: fc.integer({ min: 0, max: 5 }) });
    fc.assert(
      fc.property(sizes, fc.array(step, { maxLength: 60 }), (blocks, steps) => {
        const told = { host: new Set<number>(), disk: new Set<number>() };
        const cache = new HostCache(
          { blocks: blocks.host, disk: { blocks: blocks.disk, bandwidth: 1 } },
          {
            offloaded: (hash, tier) => {
              expect(told[tier].has(hash)).toBe(false);
              told[tier].add(hash);
            },
            dropped: (hash, tier) => expect(told[tier].delete(hash)).toBe(true),
          },
        );
        // Lists from the least to the most recently used.
        let host: number[] = [];
        let disk: number[] = [];
        const use = (list: number[], hash: number, most: number) =>
          most === 0 ? list : [...list.filter(other => other !== hash), hash];
        const settle = () => {
          for (const hash of host.splice(0, Math.max(0, host.length - blocks.host)))
            disk = use(disk, hash, blocks.disk);
          disk.splice(0, Math.max(0, disk.length - blocks.disk));
        };
        for (const { put, first, length } of steps) {
          const hashes = Array.from({ length }, (_, at) => first + at);
          if (put) {
            cache.put(first, 1);
            host = use(host, first, blocks.host);
            if (blocks.host === 0) disk = use(disk, first, blocks.disk);
          } else {
            const missing = hashes.findIndex(hash => !host.includes(hash) && !disk.includes(hash));
            const found = hashes.slice(0, missing < 0 ? length : missing);
            const here = found.filter(hash => host.includes(hash)).length;
            expect(cache.take({ hashes, blockTokens: 1 }, 0, length)).toEqual({
              host: here,
              disk: found.length - here,
            });
            for (const hash of found.reverse()) {
              if (disk.includes(hash)) disk = use(disk, hash, blocks.disk);
              host = use(host, hash, blocks.host);
            }
          }
          settle();
          expect([...told.host].sort()).toEqual([...host].sort());
          expect([...told.disk].sort()).toEqual([...disk].sort());
          expect(told.host.size).toBeLessThanOrEqual(blocks.host);
          expect(told.disk.size).toBeLessThanOrEqual(blocks.disk);
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

  test('gives back from storage what the host had to give up, more slowly, and from the host the next time', () => {
    const disk = { blocks: 64, bandwidth: 1e6 };
    const engine = createEngine(profile, { host: { blocks: 2, bandwidth: 1e9, disk } });
    const first = run(engine, 1, [1, 2, 3, 4], 0);
    const other = run(engine, 2, [5, 6, 7, 0, 1, 2], first.endsAt);
    const before = engine.stats();
    const again = run(engine, 3, [1, 2, 3, 4], other.endsAt);
    const { hostTokens, diskTokens } = engine.stats();
    expect(again.cached).toBe(4 * SIZE);
    const read = diskTokens! - before.diskTokens!;
    expect(read).toBeGreaterThan(0);
    const seconds = read / disk.bandwidth + (hostTokens! - before.hostTokens!) / 1e9;
    expect(again.ms).toBeCloseTo(1000 * seconds * profile.cost.kvBytesPerToken, 6);
    expect(createEngine(profile, { host: LINK }).stats().diskTokens).toBeUndefined();
  });

  test('what the listener hears is what would be found, in any tier', () => {
    const path = fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        fc.array(path, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 0, max: 12 }),
        fc.integer({ min: 0, max: 12 }),
        path,
        (paths, host, disk, asked) => {
          const ledger = new BlockLedger();
          ledger.linked('e', true);
          ledger.began('e', 'exact');
          const tell = (kind: 'stored' | 'removed', hash: number, tier: KvTier, prefix?: PromptPrefix, at = 0) =>
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
            ...(host > 0 && {
              host: { blocks: host, bandwidth: 25e9, ...(disk > 0 && { disk: { blocks: disk, bandwidth: 3e9 } }) },
            }),
            cache: {
              stored: (prefix, at) => tell('stored', prefix.hashes[at]!, 'device', prefix, at),
              removed: hash => tell('removed', hash, 'device'),
              offloaded: (hash, tier) => tell('stored', hash, tier),
              dropped: (hash, tier) => tell('removed', hash, tier),
            },
          });
          let now = 0;
          for (const [id, one] of paths.entries()) now = run(engine, id, one, now).endsAt;
          const prefix = prefixOf(asked);
          const held = ledger.held('e', [...(prefix.hashes as number[]), 0], '')!;
          if (host === 0 || disk === 0) expect(held.disk).toBe(0);
          const found = engine.cached(prefix, asked.length * SIZE + 1) / SIZE;
          // The engine looks into the host's memory behind its own only, and not once more into its own behind that.
          expect(held.device + held.host + held.disk).toBeGreaterThanOrEqual(found);
          if (held.host + held.disk === 0) expect(held.device).toBe(found);
        },
      ),
    );
  });
});
