import { describe, expect, it } from 'vitest';
import type { SharedCounters } from '#contract/shared-counters.js';
import { Places } from '#identity/places.js';
import { Rate } from '#identity/rate.js';
import { ExchangedCounters } from '#store/counters/exchanged-counters.js';
import { CounterHub } from '#store/counters/hub.js';
import { VirtualClock } from '../support/virtual-clock.js';

/** The counters of two processes, on a clock whose minutes begin at 0. */
function pair() {
  const clock = new VirtualClock();
  clock.advance(60_000 - (clock.wall() % 60_000));
  const hub = new CounterHub({ clock });
  const open = (process: string): SharedCounters => new ExchangedCounters({ exchange: hub, clock, process });
  const [a, b] = [open('a'), open('b')];
  const meet = async () => {
    for (let round = 0; round < 2; round++) for (const one of [a, b]) await one.exchange();
  };
  return { clock, a, b, meet };
}

describe('a rate that processes share', () => {
  it('binds over any 60 seconds in a process that was not asked in the minute before', async () => {
    const { clock, a, b, meet } = pair();
    const [here, there] = [new Rate(5, 'r', a), new Rate(5, 'r', b)];
    expect(there.remaining(clock.wall())).toBe(5);
    await meet();
    // Two minutes on, when the other has not been asked for one.
    clock.advance(170_000);
    here.allows(clock.wall(), 5);
    await meet();
    expect(here.allows(clock.wall(), 5)).toBe(true);
    here.use(clock.wall(), 5);
    await meet();
    clock.advance(20_000);
    const allowed = async () => {
      there.allows(clock.wall(), 1);
      await meet();
      return there.allows(clock.wall(), 1);
    };
    expect(await allowed()).toBe(false);
    expect(there.waitFor(clock.wall(), 1)).toBeLessThanOrEqual(50_000);
    clock.advance(50_000);
    expect(await allowed()).toBe(true);
  });

  it.each([['alone'], ['together']])('counts what a long answer took beyond what was held for it, %s', async how => {
    const { clock, a, b, meet } = pair();
    const counters = how === 'alone' ? undefined : a;
    const [here, there] = [new Rate(1000, 't', counters), new Rate(1000, 't', b)];
    const slot = here.reserve(clock.wall(), 100);
    clock.advance(90_000);
    expect(here.remaining(clock.wall())).toBe(1000);
    here.settle(clock.wall(), slot, 100, 900);
    expect(here.remaining(clock.wall())).toBe(200);
    there.remaining(clock.wall());
    await meet();
    expect(there.remaining(clock.wall())).toBe(how === 'alone' ? 1000 : 200);
  });
});

describe('places that processes share', () => {
  it('are free again when their limit went while they were taken, and another came later', async () => {
    const { clock, a, b, meet } = pair();
    const [here, there] = [new Places('p', a), new Places('p', b)];
    const limit = (most: number) => {
      here.limit = most;
      there.limit = most;
    };
    const free = async (places: Places) => {
      places.free(clock.wall());
      await meet();
      return places.free(clock.wall());
    };
    limit(2);
    expect(await free(here)).toBe(true);
    here.take(clock.wall());
    here.take(clock.wall());
    limit(Number.POSITIVE_INFINITY);
    here.leave(clock.wall());
    here.leave(clock.wall());
    limit(2);
    expect([await free(here), await free(there)]).toEqual([true, true]);
    expect(there.taken(clock.wall())).toBe(0);
  });
});
