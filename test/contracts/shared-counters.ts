import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SharedCounters } from '#contract/shared-counters.js';

const later = (): number => Date.now() + 60_000;

/** What counters of several processes do. `open` gives those of one more process; `crash` ends it without a word. */
export function sharedCountersContract(
  name: string,
  start: () => Promise<{ open(): Promise<SharedCounters>; close(): Promise<void> }>,
): void {
  describe(`${name} as a meeting place of counters`, () => {
    let place: Awaited<ReturnType<typeof start>>;
    let a: SharedCounters;
    let b: SharedCounters;
    beforeEach(async () => {
      place = await start();
      a = await place.open();
      b = await place.open();
      await a.exchange();
      await b.exchange();
      await a.exchange();
    });
    afterEach(async () => {
      await a.close();
      await b.close();
      await place.close();
    });

    const meet = async (): Promise<void> => {
      await a.exchange();
      await b.exchange();
      await a.exchange();
    };

    it('adds up what each counts, exactly, also what is taken back', async () => {
      const here = a.counter('tokens', later());
      const there = b.counter('tokens', later());
      here.add(1_000_000_007);
      there.add(35);
      there.add(-5);
      await meet();
      expect([here.own, here.others]).toEqual([1_000_000_007, 30]);
      expect([there.own, there.others]).toEqual([30, 1_000_000_007]);
      expect(a.processes).toBe(2);
      expect(a.connected).toBe(true);
    });

    it('keeps names apart, and gives one counter for one name', async () => {
      a.counter('x', later()).add(3);
      const other = b.counter('y', later());
      expect(a.counter('x', later())).toBe(a.counter('x', later()));
      await meet();
      expect(other.others).toBe(0);
    });

    it('never lets all together use more than is left, and all of it in the end', async () => {
      const limit = 101;
      const both = [a.counter('limit', later()), b.counter('limit', later())];
      let used = 0;
      await meet();
      for (let round = 0; round < 40; round++) {
        for (const counter of both) {
          while (counter.room(limit - counter.own - counter.others) >= 1) {
            counter.add(1);
            used++;
          }
        }
        await meet();
      }
      expect(used).toBe(limit);
    });
  });
}
