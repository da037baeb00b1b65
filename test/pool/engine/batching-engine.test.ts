import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createEngine } from '#pool/engine/batching-engine.js';
import { engineProfile } from '#pool/engine/profile.js';
import { arrivals, drive, engineContract, smallProfile } from '../../contracts/engine.js';

engineContract('the paged engine', createEngine);
engineContract('the reserving engine', (profile, options) =>
  createEngine(profile, { ...options, admission: 'reserve' }),
);
engineContract('the engine without prefix caching', (profile, options) =>
  createEngine(profile, { ...options, prefixCaching: false }),
);
engineContract('the engine with a prefill chunk below its budget', (profile, options) =>
  createEngine({ ...profile, prefillChunk: 7 }, options),
);

const NO_PREFIX = { hashes: [], blockTokens: 4 };
const chain = (family: number, length: number) => Array.from({ length }, (_, i) => family * 1000 + i);

describe('paged blocks', () => {
  test('are exactly what the computed tokens take, when nothing is shared', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ prompt: fc.integer({ min: 1, max: 20 }), output: fc.integer({ min: 2, max: 20 }) }), {
          minLength: 1,
          maxLength: 5,
        }),
        list => {
          const engine = createEngine(smallProfile({ maxBatchedTokens: 200, prefillChunk: 200, totalBlocks: 200 }));
          list.forEach(({ prompt, output }, id) => {
            engine.submit({ id, promptTokens: prompt, outputTokens: output, prefix: NO_PREFIX }, 0);
          });
          for (let produced = 1; ; produced++) {
            if (engine.step(0) === undefined) break;
            const held = list.filter(one => one.output > produced);
            const blocks = held.reduce((sum, one) => sum + Math.ceil((one.prompt + produced - 1) / 4), 0);
            expect(engine.stats().usedBlocks).toBe(blocks);
          }
        },
      ),
    );
  });

  test('run short: the last admitted is preempted, computed again and still answered', () => {
    const engine = createEngine(smallProfile({ totalBlocks: 10 }));
    for (const id of [1, 2]) engine.submit({ id, promptTokens: 12, outputTokens: 20, prefix: NO_PREFIX }, 0);
    const log: string[] = [];
    for (let now = 0; ; ) {
      const iteration = engine.step(now);
      if (iteration === undefined) break;
      now = iteration.endsAt;
      for (const event of iteration.events) if (event.kind !== 'token') log.push(`${event.kind} ${event.id}`);
    }
    expect(log).toEqual(['preempted 2', 'finished 1', 'finished 2']);
    expect(engine.stats()).toMatchObject({ preemptions: 1, finished: 2, outputTokens: 40, usedBlocks: 0 });
  });

  test('let more sequences run than reserving the whole window does', () => {
    const running = (admission: 'paged' | 'reserve') => {
      const engine = createEngine(smallProfile({ totalBlocks: 60, maxBatchedTokens: 64, prefillChunk: 64 }), {
        admission,
      });
      for (let id = 0; id < 5; id++) engine.submit({ id, promptTokens: 8, outputTokens: 8, prefix: NO_PREFIX }, 0);
      engine.step(0);
      return engine.stats().running;
    };
    expect(running('paged')).toBe(5);
    expect(running('reserve')).toBe(Math.floor(60 / (96 / 4)));
  });

  test('never preempt when the window was reserved', () => {
    fc.assert(
      fc.property(arrivals, list => {
        const engine = createEngine(smallProfile({ totalBlocks: 60 }), { admission: 'reserve' });
        drive(engine, list);
        expect(engine.stats().preemptions).toBe(0);
      }),
    );
  });
});

describe('the prefix cache', () => {
  const profile = smallProfile({ totalBlocks: 60, maxBatchedTokens: 200, prefillChunk: 200 });
  const request = (id: number, hashes: readonly number[], promptTokens = 40) => ({
    ...{ id, promptTokens, outputTokens: 1 },
    prefix: { hashes, blockTokens: 8 },
  });

  test('makes the second prompt cheaper, by whole blocks and never all of it', () => {
    const engine = createEngine(profile);
    engine.submit(request(1, chain(1, 5)), 0);
    const cold = engine.step(0)!;
    const coldMs = cold.endsAt - cold.startedAt;
    expect(cold).toMatchObject({ prefillTokens: 40, events: [{ cachedTokens: 0 }, { kind: 'finished' }] });
    engine.submit(request(2, chain(1, 5)), cold.endsAt);
    const warm = engine.step(cold.endsAt)!;
    expect(warm).toMatchObject({ prefillTokens: 8, events: [{ cachedTokens: 32 }, { kind: 'finished' }] });
    expect(warm.endsAt - warm.startedAt).toBeLessThanOrEqual(coldMs);
    expect(engine.stats()).toMatchObject({ promptTokens: 80, cachedTokens: 32, usedBlocks: 0, cachedBlocks: 10 });
  });

  test('makes a long second prompt strictly faster', () => {
    const large = engineProfile({ model: 'llama-3.1-8b', gpu: 'h100' });
    const engine = createEngine(large);
    const long = (id: number) => ({
      ...{ id, promptTokens: 1600, outputTokens: 1 },
      prefix: { hashes: chain(1, 100), blockTokens: 16 },
    });
    const times = [1, 2].map(id => {
      engine.submit(long(id), 0);
      const { startedAt, endsAt } = engine.step(0)!;
      return endsAt - startedAt;
    });
    expect(times[1]).toBeLessThan(times[0]! / 2);
  });

  test('shares blocks between sequences that run together', () => {
    const engine = createEngine({ ...profile, maxBatchedTokens: 42 });
    engine.submit({ ...request(1, chain(1, 5)), outputTokens: 4 }, 0);
    engine.step(0);
    engine.submit({ ...request(2, [...chain(1, 3), 7001, 7002]), outputTokens: 4 }, 0);
    engine.step(0);
    // 40 + 1 tokens of the first, of the second what is not in the three blocks they share.
    expect(engine.stats().usedBlocks).toBe(11 + 4);
  });

  test('evicts the least recently used chain, its end first', () => {
    const engine = createEngine({ ...profile, totalBlocks: 20 });
    const run = (id: number, family: number) => {
      engine.submit(request(id, chain(family, 5)), 0);
      const iteration = engine.step(0)!;
      return iteration.events[0]!.cachedTokens;
    };
    run(1, 1);
    run(2, 2);
    expect(run(3, 1)).toBe(32);
    engine.submit(request(4, chain(3, 3), 24), 0);
    engine.step(0);
    // Family 2 is older: its last three blocks went, its first two stayed.
    expect(run(5, 2)).toBe(16);
  });

  test('keeps what a cancelled sequence had computed', () => {
    const engine = createEngine({ ...profile, maxBatchedTokens: 16, prefillChunk: 16, maxSequences: 4 });
    engine.submit(request(1, chain(1, 5)), 0);
    engine.step(0);
    engine.cancel(1);
    engine.cancel(1);
    expect(engine.stats()).toMatchObject({ usedBlocks: 0, cachedBlocks: 4, cancelled: 1 });
    engine.submit(request(2, chain(1, 5)), 0);
    engine.step(0);
    expect(engine.stats().cachedTokens).toBe(16);
  });

  test('survives chains that repeat a hash, whatever they claim', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 12 }), { maxLength: 12 }), chains => {
        const engine = createEngine(smallProfile());
        const list = chains.map((hashes, id) => ({
          request: { id, promptTokens: 40, outputTokens: 5, prefix: { hashes, blockTokens: 4 } },
          ...{ at: id, cancelAfter: undefined },
        }));
        drive(engine, list, {
          afterEach: () => {
            const { usedBlocks, cachedBlocks, totalBlocks } = engine.stats();
            expect(usedBlocks).toBeGreaterThanOrEqual(0);
            expect(usedBlocks + cachedBlocks).toBeLessThanOrEqual(totalBlocks);
          },
        });
        expect(engine.stats()).toMatchObject({ usedBlocks: 0, finished: chains.length });
      }),
    );
  });
});

describe('the token budget', () => {
  test('is shared: decodes first, then prompts in order of arrival', () => {
    const engine = createEngine(smallProfile({ maxBatchedTokens: 10, prefillChunk: 10, maxSequences: 4 }));
    for (const id of [1, 2, 3]) engine.submit({ id, promptTokens: 8, outputTokens: 9, prefix: NO_PREFIX }, 0);
    const shares = [];
    for (let i = 0; i < 3; i++) {
      const { prefillTokens, decodeSequences } = engine.step(0)!;
      shares.push([decodeSequences, prefillTokens]);
    }
    expect(shares).toEqual([
      [0, 10],
      [1, 9],
      [2, 5],
    ]);
  });

  test('gives later first tokens under more load', () => {
    const meanTtft = (gap: number) => {
      const engine = createEngine(engineProfile({ model: 'llama-3.1-8b', gpu: 'a10g', contextTokens: 4096 }));
      const list = Array.from({ length: 60 }, (_, id) => ({
        request: { id, promptTokens: 700, outputTokens: 60, prefix: NO_PREFIX },
        ...{ at: id * gap, cancelAfter: undefined },
      }));
      const first = drive(engine, list).log.filter(event => event.kind === 'token' && event.produced === 1);
      return first.reduce((sum, event) => sum + event.at - event.id * gap, 0) / first.length;
    };
    const means = [2000, 500, 200, 50, 0].map(meanTtft);
    expect(means).toEqual([...means].sort((a, b) => a - b));
    expect(means.at(-1)).toBeGreaterThan(2 * means[0]!);
  });
});

describe('energy', () => {
  test('counts idle time at idle power and busy time above it', () => {
    const profile = engineProfile({ model: 'llama-3.1-70b', gpu: 'h100', tp: 4 });
    const engine = createEngine(profile);
    engine.settle(0);
    engine.settle(10_000);
    expect(engine.stats().joules).toBeCloseTo(4 * 300 * 10, 6);
    engine.submit({ id: 1, promptTokens: 100, outputTokens: 50, prefix: NO_PREFIX }, 10_000);
    const iteration = engine.advance(10_000, Number.POSITIVE_INFINITY)!;
    const watts = (engine.stats().joules - 12_000) / ((iteration.endsAt - iteration.startedAt) / 1000);
    expect(watts / 4).toBeGreaterThan(300);
    expect(watts / 4).toBeLessThan(600);
  });
});
