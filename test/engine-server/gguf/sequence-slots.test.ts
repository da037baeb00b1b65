import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commonPrefix, SequenceSlots, type Slot } from '#engine-server/gguf/sequence-slots.js';

const slot = (...contextTokens: number[]): Slot => ({ contextTokens });

describe('sequences are handed out', () => {
  test('to the prompt that they hold most of, and else the one left longest ago', () => {
    const [a, b, c] = [slot(1, 2, 3), slot(1, 2), slot(9)];
    const slots = new SequenceSlots([a, b, c], 2);
    const taken: Slot[] = [];
    slots.acquire([1, 2, 3, 4], got => taken.push(got));
    slots.acquire([7], got => taken.push(got));
    slots.release(a);
    slots.acquire([7], got => taken.push(got));
    expect(taken).toEqual([a, b, c]);
  });

  test('first come, first served, within a bound, and who leaves the line is passed over', () => {
    const only = slot();
    const slots = new SequenceSlots([only], 2);
    const order: string[] = [];
    slots.acquire([], () => order.push('first'));
    const leave = slots.acquire([], () => order.push('left'));
    slots.acquire([], () => order.push('second'));
    expect(() => slots.acquire([], () => undefined)).toThrow(expect.objectContaining({ code: 'pool.saturated' }));
    leave();
    slots.release(only);
    slots.release(only);
    expect([order, slots.busy, slots.waiters]).toEqual([['first', 'second'], 0, 0]);
  });

  test('never twice at once, and none is lost', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('take', 'leave', 'give'), { maxLength: 60 }), steps => {
        const all = [slot(1), slot(2), slot(3)];
        const slots = new SequenceSlots(all, 4);
        const held: Slot[] = [];
        const line: (() => void)[] = [];
        for (const step of steps) {
          if (step === 'give' && held.length > 0) slots.release(held.shift()!);
          else if (step === 'leave') line.shift()?.();
          else if (step === 'take' && slots.waiters < 4) line.push(slots.acquire([1], got => held.push(got)));
          expect(new Set(held).size).toBe(held.length);
          expect(slots.busy).toBe(held.length);
          if (slots.waiters > 0) expect(held.length).toBe(all.length);
        }
      }),
    );
  });
});

test('a common prefix is as long as both lists agree', () => {
  expect([commonPrefix([], [1]), commonPrefix([1, 2, 3], [1, 2, 4]), commonPrefix([1, 2], [1, 2, 3])]).toEqual([
    0, 2, 2,
  ]);
});
