import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { playTrace, type Telling } from '#fleet/twin/trace-driver.js';
import { CacheTeller, tokensOf } from '#lab/placement/cache-teller.js';
import { createEngine } from '#pool/engine/batching-engine.js';
import type { HostMemory } from '#pool/engine/engine.js';
import { engineProfile } from '#pool/engine/profile.js';
import { createPlacer } from '#pool/placement/create-placer.js';
import type { TraceRequest } from '#workload/traces/trace.js';

const BLOCK = 16;

/** Conversations that come back, one request after the other has ended. */
const oneByOne: fc.Arbitrary<readonly TraceRequest[]> = fc
  .array(fc.record({ family: fc.integer({ min: 1, max: 6 }), blocks: fc.integer({ min: 1, max: 30 }) }), {
    minLength: 20,
    maxLength: 60,
  })
  .map(list =>
    list.map(({ family, blocks }, at) => ({
      arrivalMs: 60_000 * at,
      promptTokens: blocks * BLOCK + 3,
      outputTokens: 5,
      prefix: { hashes: Array.from({ length: blocks }, (_, i) => 1000 * family + i), blockTokens: BLOCK },
    })),
  );

/** Plays a trace on one small replica. */
function play(trace: readonly TraceRequest[], told: 'nothing' | 'reports' | 'events', host?: HostMemory) {
  const profile = engineProfile({ model: 'llama-3.1-8b', gpu: 'l40s', blocks: 40 });
  const placer = createPlacer('prefix', { random: seededRandom(1) });
  const teller = new CacheTeller();
  const { blocks } = placer;
  blocks?.linked('replica-0', true);
  if (told === 'events') blocks?.began('replica-0', 'exact');
  const iterated: Telling['iterated'] = replica => blocks?.told(replica, teller.take()?.events ?? []);
  const telling = { nothing: undefined, reports: {}, events: { tokensOf, iterated } }[told];
  return playTrace(trace, {
    placer,
    engines: [createEngine(profile, { events: 'milestones', cache: teller, host })],
    // The router takes the cache to be far larger than it is.
    replica: { limit: 1000, contextTokens: 1e6, cacheBlocks: 100_000 },
    ...(telling && { telling }),
  }).completed;
}

const error = (completed: ReturnType<typeof play>) =>
  completed.reduce((sum, { expectedTokens, cachedTokens }) => sum + Math.abs(expectedTokens - cachedTokens), 0);

describe('what engines tell in the twin', () => {
  test('of caches whose events are heard at once every hit is foreseen, whatever was evicted', () => {
    fc.assert(
      fc.property(oneByOne, trace => {
        const completed = play(trace, 'events');
        expect(completed.length).toBe(trace.length);
        expect(error(completed)).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  test('so is every hit in the memory behind the GPUs, and in storage behind that', () => {
    const host = { blocks: 30, bandwidth: 25e9, disk: { blocks: 60, bandwidth: 3e9 } };
    fc.assert(
      fc.property(oneByOne, trace => {
        const completed = play(trace, 'events', host);
        expect(completed.length).toBe(trace.length);
        expect(error(completed)).toBe(0);
        const hits = (all: typeof completed) => all.reduce((sum, { cachedTokens }) => sum + cachedTokens, 0);
        expect(hits(completed)).toBeGreaterThanOrEqual(hits(play(trace, 'events')));
      }),
      { numRuns: 50 },
    );
  });

  test('reported hits correct what is believed of a cache that evicts', () => {
    const trace = fc.sample(oneByOne, { numRuns: 20, seed: 1 });
    const sum = (told: 'nothing' | 'reports') => trace.reduce((all, one) => all + error(play(one, told)), 0);
    expect(sum('nothing')).toBeGreaterThan(0);
    expect(sum('reports')).toBeLessThan(sum('nothing'));
  });
});
