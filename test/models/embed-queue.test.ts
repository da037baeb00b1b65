import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type EmbedJob, EmbedQueue } from '#models/runtime/embed-queue.js';
import { VirtualClock } from '../support/virtual-clock.js';

function job(clock: VirtualClock, text: string, patience = Number.POSITIVE_INFINITY): EmbedJob {
  return {
    text,
    until: clock.now() + patience,
    leftMs: () => Number.POSITIVE_INFINITY,
    settle: () => {},
    fail: () => {},
  };
}

describe('the queue of a model', () => {
  test('everything taken in comes out once, in a batch or as late; the oldest is never passed over', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ length: fc.nat(3000), patience: fc.nat(100), wait: fc.nat(40) }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 20 }),
        fc.boolean(),
        (arrivals, batch, capacity, padded) => {
          const clock = new VirtualClock();
          const queue = new EmbedQueue(clock, { batch, capacity, padded });
          const inside: EmbedJob[] = [];
          const out = new Set<EmbedJob>();
          const take = (): void => {
            const taken = queue.take();
            const oldest = inside.find(one => !out.has(one) && one.until >= clock.now());
            expect(taken.batch[0]).toBe(oldest);
            expect(taken.batch.length).toBeLessThanOrEqual(batch);
            for (const one of [...taken.batch, ...taken.late]) {
              expect(out.has(one)).toBe(false);
              out.add(one);
            }
            for (const one of taken.late) expect(one.until).toBeLessThan(clock.now());
            for (const one of taken.batch) expect(one.until).toBeGreaterThanOrEqual(clock.now());
          };
          for (const { length, patience, wait } of arrivals) {
            const one = job(clock, 'a'.repeat(length), patience);
            if (queue.offer(one)) inside.push(one);
            expect(queue.length).toBeLessThanOrEqual(capacity);
            clock.advance(wait);
            if (wait > 20) take();
          }
          while (queue.length > 0) take();
          expect(out.size).toBe(inside.length);
          expect(queue.expectedWaitMs).toBe(0);
        },
      ),
    );
  });

  test('refuses what it could not begin in time, by how long texts took', () => {
    const clock = new VirtualClock();
    const queue = new EmbedQueue(clock, { batch: 1, capacity: 100, padded: true });
    queue.took('a'.repeat(100), 50);
    queue.offer(job(clock, 'a'.repeat(100)));
    queue.take();
    clock.advance(50);
    expect(queue.expectedWaitMs).toBe(0);
    expect(queue.offer(job(clock, 'a'.repeat(100), 20))).toBe(true);
    expect(queue.expectedWaitMs).toBeCloseTo(50);
    expect(queue.offer(job(clock, 'a'.repeat(100), 20))).toBe(false);
    expect(queue.offer(job(clock, 'a'.repeat(100), 60))).toBe(true);
  });

  test.each([
    { padded: true, batches: [[100, 120, 90], [1400]], why: 'a batch is padded: only texts of similar length' },
    { padded: false, batches: [[100, 1400, 120, 90]], why: 'none is padded: texts of any length' },
  ])('puts together, where $why', ({ padded, batches }) => {
    const clock = new VirtualClock();
    const queue = new EmbedQueue(clock, { batch: 8, capacity: 100, padded });
    for (const length of [100, 1400, 120, 90]) queue.offer(job(clock, 'a'.repeat(length)));
    for (const lengths of batches) expect(queue.take().batch.map(({ text }) => text.length)).toEqual(lengths);
    expect(queue.length).toBe(0);
  });

  test('a batch without padding is bounded by its characters', () => {
    const clock = new VirtualClock();
    const queue = new EmbedQueue(clock, { batch: 100, capacity: 100, padded: false });
    for (let at = 0; at < 20; at++) queue.offer(job(clock, 'a'.repeat(1000)));
    expect(queue.take().batch).toHaveLength(8);
  });
});
