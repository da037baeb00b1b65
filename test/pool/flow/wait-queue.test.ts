import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type WaitNode, WaitQueue } from '#pool/flow/wait-queue.js';
import { predictedWait, retryAfter } from '#pool/flow/waiting-time.js';

function contents(queue: WaitQueue<number>): number[] {
  const all: number[] = [];
  for (let node = queue.first; node !== undefined; node = node.next) all.push(node.value);
  return all;
}

test('keeps the order of a list, wherever one leaves', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat({ max: 9 })), { maxLength: 100 }), steps => {
      const queue = new WaitQueue<number>();
      const nodes: WaitNode<number>[] = [];
      let list: number[] = [];
      let next = 0;
      for (const step of steps) {
        const leaving = step === null ? undefined : nodes[step];
        if (leaving === undefined) {
          nodes.push(queue.push(next));
          list.push(next++);
        } else {
          leaving.leave();
          leaving.leave();
          list = list.filter(value => value !== leaving.value);
        }
        expect(contents(queue)).toEqual(list);
        expect(queue.length).toBe(list.length);
      }
    }),
  );
});

test('the wait is the places in front over the rate at which places come free', () => {
  expect(predictedWait(0, 4, 2000)).toBe(500);
  expect(predictedWait(7, 4, 2000)).toBe(4000);
  expect(predictedWait(3, 4, undefined)).toBeUndefined();
  expect(predictedWait(3, 0, 2000)).toBeUndefined();
});

test('callers are told a time within bounds', () => {
  expect(retryAfter(undefined, 10_000)).toBe(10_000);
  expect(retryAfter(1, 10_000)).toBe(50);
  expect(retryAfter(1e9, 10_000)).toBe(60_000);
  expect(retryAfter(1234.5, 10_000)).toBe(1235);
});
