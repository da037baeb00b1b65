import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isWeirError } from '#contract/errors.js';
import type { EngineOptions } from '#pool/engine/batching-engine.js';
import type { Engine, EngineEvent, EngineRequest } from '#pool/engine/engine.js';
import { type EngineProfile, engineProfile } from '#pool/engine/profile.js';

/** A small engine, so that blocks, budget and sequences all run short. */
export function smallProfile(overrides: Partial<EngineProfile> = {}): EngineProfile {
  const profile = engineProfile({ model: 'llama-3.1-8b', gpu: 'h100', blocks: 40, blockTokens: 4, contextTokens: 96 });
  return { ...profile, maxSequences: 5, maxBatchedTokens: 24, prefillChunk: 24, ...overrides };
}

export interface Arrival {
  readonly request: EngineRequest;
  readonly at: number;
  /** Iterations after which it is cancelled; never when absent. */
  readonly cancelAfter: number | undefined;
}

const prefix = fc.record({
  family: fc.integer({ min: 0, max: 3 }),
  shared: fc.integer({ min: 0, max: 6 }),
  blockTokens: fc.constantFrom(4, 8, 6, 5.5),
});

/** Requests that share prefixes in a few families, arrive in bursts, and are sometimes cancelled. */
export const arrivals: fc.Arbitrary<readonly Arrival[]> = fc
  .array(
    fc.record({
      promptTokens: fc.integer({ min: 1, max: 60 }),
      outputTokens: fc.integer({ min: 1, max: 36 }),
      at: fc.integer({ min: 0, max: 400 }),
      prefix,
      cancelAfter: fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined, freq: 4 }),
      receivedTokens: fc.constantFrom(0, 0, 0, 7, 100),
    }),
    { minLength: 1, maxLength: 24 },
  )
  .map(list =>
    list
      .map(
        (
          { promptTokens, outputTokens, at, cancelAfter, receivedTokens, prefix: { family, shared, blockTokens } },
          id,
        ) => {
          const hashes = Array.from({ length: Math.ceil(promptTokens / blockTokens) }, (_, i) =>
            i < shared ? family * 1000 + i + 1 : (id + 10) * 1000 + i,
          );
          const request = { id, promptTokens, outputTokens, prefix: { hashes, blockTokens }, receivedTokens };
          return { request, at, cancelAfter };
        },
      )
      .sort((a, b) => a.at - b.at),
  );

export interface Logged extends EngineEvent {
  readonly at: number;
}

/** Runs an engine over arrivals as a driver in virtual time does, and logs what it reports. */
export function drive(
  engine: Engine,
  list: readonly Arrival[],
  options: { readonly advance?: boolean; readonly afterEach?: () => void } = {},
): { readonly log: Logged[]; readonly refused: number[] } {
  const log: Logged[] = [];
  const refused: number[] = [];
  const pending = new Map<number, number>();
  let now = 0;
  let next = 0;
  for (let rounds = 0; ; rounds++) {
    if (rounds > 20_000) throw new Error('livelock');
    for (let one = list[next]; one !== undefined && one.at <= now; one = list[++next]) {
      try {
        engine.submit(one.request, now);
        if (one.cancelAfter !== undefined) pending.set(one.request.id, rounds + one.cancelAfter);
      } catch (error) {
        if (!isWeirError(error)) throw error;
        refused.push(one.request.id);
      }
    }
    const horizon = list[next]?.at ?? Number.POSITIVE_INFINITY;
    const iteration = options.advance === true ? engine.advance(now, horizon) : engine.step(now);
    if (iteration === undefined) {
      if (next >= list.length) return { log, refused };
      now = horizon;
      continue;
    }
    if (iteration.endsAt <= iteration.startedAt) throw new Error('no time passed');
    now = iteration.endsAt;
    for (const event of iteration.events) log.push({ ...event, at: now });
    for (const [id, due] of pending) {
      if (due > rounds) continue;
      engine.cancel(id);
      pending.delete(id);
    }
    options.afterEach?.();
  }
}

/** What every {@link Engine} keeps to, whatever its options. */
export function engineContract(name: string, make: (profile: EngineProfile, options?: EngineOptions) => Engine): void {
  describe(`${name} as an Engine`, () => {
    test('loses no sequence and never holds more blocks than it has', () => {
      fc.assert(
        fc.property(arrivals, list => {
          const engine = make(smallProfile());
          const check = () => {
            const stats = engine.stats();
            expect(stats.submitted).toBe(stats.finished + stats.cancelled + stats.running + stats.waiting);
            expect(stats.usedBlocks).toBeGreaterThanOrEqual(0);
            expect(stats.cachedBlocks).toBeGreaterThanOrEqual(0);
            expect(stats.usedBlocks + stats.cachedBlocks).toBeLessThanOrEqual(stats.totalBlocks);
            expect(stats.running).toBeLessThanOrEqual(5);
          };
          const { refused } = drive(engine, list, { afterEach: check });
          const stats = engine.stats();
          expect(stats.submitted).toBe(list.length - refused.length);
          expect(stats).toMatchObject({ running: 0, waiting: 0, usedBlocks: 0 });
        }),
      );
    });

    test('has nothing to report before the time that it names, until somebody comes or goes', () => {
      fc.assert(
        fc.property(arrivals, list => {
          const engine = make(smallProfile(), { events: 'milestones' });
          let quietUntil = Number.NEGATIVE_INFINITY;
          const at = (id: number) => list.find(({ request }) => request.id === id)!;
          let [now, next, rounds] = [0, 0, 0];
          for (;;) {
            for (; list[next] !== undefined && list[next]!.at <= now; next++) {
              try {
                engine.submit(list[next]!.request, now);
              } catch (error) {
                if (!isWeirError(error)) throw error;
              }
              quietUntil = Number.NEGATIVE_INFINITY;
            }
            const iteration = engine.step(now);
            if (iteration === undefined) {
              if (next >= list.length) return;
              now = list[next]!.at;
              continue;
            }
            now = iteration.endsAt;
            if (iteration.events.length > 0) {
              expect(now).toBeGreaterThanOrEqual(quietUntil);
              quietUntil = now;
            }
            for (const { id } of iteration.events) {
              if (at(id).cancelAfter === undefined || at(id).cancelAfter! > 10) continue;
              engine.cancel(id);
            }
            expect(engine.quietUntil()).toBeGreaterThanOrEqual(now);
            quietUntil = Math.max(quietUntil, engine.quietUntil());
            if (++rounds > 20_000) throw new Error('livelock');
          }
        }),
      );
    });

    test('gives every answer each of its tokens once and in order, then its end', () => {
      fc.assert(
        fc.property(arrivals, list => {
          const engine = make(smallProfile());
          const { log, refused } = drive(engine, list);
          for (const { request, cancelAfter } of list) {
            const mine = log.filter(event => event.id === request.id);
            const tokens = mine.filter(event => event.kind === 'token').map(event => event.produced);
            expect(tokens).toEqual(tokens.map((_, i) => i + 1));
            if (cancelAfter !== undefined) continue;
            if (refused.includes(request.id)) {
              expect(mine).toEqual([]);
              continue;
            }
            expect(tokens).toHaveLength(request.outputTokens);
            expect(mine.at(-1)).toMatchObject({ kind: 'finished', produced: request.outputTokens });
            for (const event of mine) expect(event.cachedTokens).toBeLessThan(request.promptTokens);
          }
        }),
      );
    });

    test('does the same again', () => {
      fc.assert(
        fc.property(arrivals, list => {
          const [first, second] = [make(smallProfile()), make(smallProfile())];
          expect(drive(first, list).log).toEqual(drive(second, list).log);
          expect(first.stats()).toEqual(second.stats());
        }),
        { numRuns: 30 },
      );
    });

    test('advances to the very times and counts that it steps to', () => {
      fc.assert(
        fc.property(arrivals, list => {
          const uncancelled = list.map(one => ({ ...one, cancelAfter: undefined }));
          const stepped = make(smallProfile(), { events: 'milestones' });
          const advanced = make(smallProfile(), { events: 'milestones' });
          const every = make(smallProfile(), { events: 'tokens' });
          const milestones = drive(stepped, uncancelled).log;
          expect(drive(advanced, uncancelled, { advance: true }).log).toEqual(milestones);
          expect(advanced.stats()).toEqual(stepped.stats());
          const chosen = drive(every, uncancelled).log.filter(event => event.kind !== 'token' || event.produced === 1);
          expect(chosen).toEqual(milestones);
          expect(every.stats()).toEqual(stepped.stats());
        }),
      );
    });

    test('refuses what can never fit, at once and by code', () => {
      const engine = make(smallProfile({ totalBlocks: 24 }));
      const request = { id: 1, promptTokens: 90, outputTokens: 10, prefix: { hashes: [], blockTokens: 4 } };
      expect(() => engine.submit(request, 0)).toThrow(expect.objectContaining({ code: 'request.context_too_long' }));
      const tiny = make(smallProfile({ totalBlocks: 5 }));
      expect(() => tiny.submit({ ...request, promptTokens: 20 }, 0)).toThrow(
        expect.objectContaining({ code: 'request.context_too_long' }),
      );
      expect(() => engine.submit({ ...request, promptTokens: 0 }, 0)).toThrow(
        expect.objectContaining({ code: 'internal.defect' }),
      );
      expect(engine.step(0)).toBeUndefined();
    });

    test('refuses more than its waiting line holds', () => {
      const engine = make(smallProfile(), { maxWaiting: 2 });
      const prefix = { hashes: [], blockTokens: 4 };
      const submit = (id: number) => engine.submit({ id, promptTokens: 4, outputTokens: 2, prefix }, 0);
      submit(1);
      submit(2);
      expect(() => submit(3)).toThrow(expect.objectContaining({ code: 'pool.saturated' }));
      engine.cancel(1);
      submit(4);
      expect(engine.stats().waiting).toBe(2);
    });
  });
}
