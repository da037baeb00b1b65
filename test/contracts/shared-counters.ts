import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SharedCounters } from '#contract/shared-counters.js';

const later = (): number => Date.now() + 60_000;

/** What counters of several processes do. `open` gives those of one more process. */
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
      await meet();
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

    it('adds up what each spends and holds, exactly', async () => {
      const here = a.counter('tokens', later());
      const there = b.counter('tokens', later());
      here.add(1_000_000_007);
      there.add(35);
      there.hold(20);
      there.hold(-5);
      await meet();
      expect([here.own, here.others, here.othersHeld]).toEqual([1_000_000_007, 35, 15]);
      expect([there.own, there.others, there.held]).toEqual([35, 1_000_000_007, 15]);
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
      for (let round = 0; round < 40; round++) {
        for (const counter of both) {
          while (counter.room(limit - counter.own - counter.others, 1) >= 1) {
            counter.add(1);
            used++;
          }
        }
        await meet();
      }
      expect(used).toBe(limit);
    });

    it('gives all there is to one who needs it, although the other asked for some before', async () => {
      const [here, there] = [a.counter('all', later()), b.counter('all', later())];
      const room = (counter: typeof here, need: number) =>
        counter.room(100 - counter.own - counter.others, need) >= need;
      for (let round = 0; round < 4; round++) {
        room(here, 1);
        room(there, 1);
        await meet();
      }
      expect(room(here, 90)).toBe(false);
      for (let round = 0; round < 20 && !room(here, 90); round++) {
        room(there, 1);
        await meet();
      }
      expect(room(here, 90)).toBe(true);
      here.hold(90);
      await meet();
      expect([room(there, 11), there.othersHeld]).toEqual([false, 90]);
      here.hold(-90);
      here.add(30);
      for (let round = 0; round < 20 && !room(there, 70); round++) await meet();
      expect([room(there, 71), room(there, 70)]).toEqual([false, true]);
    });

    it('serves both in turn when each needs more than half', async () => {
      const both = [a.counter('turns', later()), b.counter('turns', later())];
      const served = [0, 0];
      for (let round = 0; round < 60; round++) {
        for (const [at, counter] of both.entries()) {
          if (counter.room(100, 60) < 60) continue;
          counter.hold(60);
          expect(both[0]!.held + both[1]!.held).toBeLessThanOrEqual(100);
          served[at] = served[at]! + 1;
          await meet();
          counter.hold(-60);
        }
        await meet();
      }
      expect(Math.min(...served)).toBeGreaterThan(5);
    });
  });
}
