import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { machineClock } from '#gateway/machine-clock.js';
import { GONE_AFTER } from '#store/counters/exchange.js';
import { ExchangedCounters } from '#store/counters/exchanged-counters.js';
import { CounterHub } from '#store/counters/hub.js';
import { sharedCountersContract } from '../../contracts/shared-counters.js';
import { VirtualClock } from '../../support/virtual-clock.js';

sharedCountersContract('the hub of one machine', async () => {
  const hub = new CounterHub({ clock: machineClock });
  let opened = 0;
  return {
    open: async () => new ExchangedCounters({ exchange: hub, clock: machineClock, process: `p${++opened}` }),
    close: async () => {},
  };
});

describe('exchanged counters', () => {
  const setUp = () => {
    const clock = new VirtualClock();
    const hub = new CounterHub({ clock, goneAfter: GONE_AFTER });
    const open = (process: string, assumed?: number) =>
      new ExchangedCounters({ exchange: hub, clock, process, ...(assumed === undefined ? undefined : { assumed }) });
    return { clock, hub, open, until: clock.wall() + 60_000 };
  };

  it('free what an ended process held, and keep what it spent', async () => {
    const { clock, hub, open, until } = setUp();
    let gone = false;
    const exchange = {
      swap: (...given: Parameters<CounterHub['swap']>) =>
        gone ? Promise.reject(new Error('dead')) : hub.swap(...given),
      close: async () => {},
    };
    const a = new ExchangedCounters({ exchange, clock, process: 'a' });
    const b = open('b');
    a.counter('open', until).hold(4);
    a.counter('money', until).add(7);
    await a.exchange();
    const held = b.counter('open', until);
    const spent = b.counter('money', until);
    await b.exchange();
    expect([held.othersHeld, spent.others]).toEqual([4, 7]);
    gone = true;
    for (let passed = 0; passed < 5000; passed += 500) {
      clock.advance(500);
      held.room(1, 1);
      spent.room(1, 1);
      await b.exchange();
    }
    expect([held.othersHeld, spent.others, b.processes]).toEqual([0, 7, 1]);
  });

  it('wait for a claim while the others can be heard, and keep to their share while they cannot', async () => {
    const { clock, hub, until } = setUp();
    let away = true;
    const exchange = {
      swap: (...given: Parameters<CounterHub['swap']>) =>
        away ? Promise.reject(new Error('away')) : hub.swap(...given),
      close: async () => {},
    };
    const counters = new ExchangedCounters({ exchange, clock, process: 'a', assumed: 4 });
    const counter = counters.counter('x', until);
    expect([counter.room(100, 1), counters.shortages]).toEqual([0, 1]);
    await counters.exchange();
    expect([counter.room(100, 1), counters.shortages]).toEqual([25, 1]);
    counter.add(20);
    expect([counter.room(80, 1), counter.room(90, 1, 10)]).toEqual([5, 15]);
    away = false;
    await counters.exchange();
    expect([counter.room(80, 1), counters.processes]).toEqual([80, 1]);
  });

  it('use only what they promised to keep, whatever is lost on the way', async () => {
    const limit = 60;
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.record({
              at: fc.nat(2),
              kind: fc.constantFrom('use', 'hold', 'free', 'swap'),
              amount: fc.integer({ min: 1, max: 40 }),
            }),
            fc.constantFrom('ask lost', 'answer lost', 'heal', 'time'),
          ),
          { maxLength: 120 },
        ),
        async steps => {
          const clock = new VirtualClock();
          const hub = new CounterHub({ clock });
          let trouble = 'heal';
          const exchange = {
            async swap(...given: Parameters<CounterHub['swap']>) {
              if (trouble === 'ask lost') throw new Error('cut');
              const heard = await hub.swap(...given);
              if (trouble === 'answer lost') throw new Error('cut');
              return heard;
            },
            close: async () => {},
          };
          // Nobody exchanges by itself.
          const all = [0, 1, 2].map(
            at => new ExchangedCounters({ exchange, clock, process: `p${at}`, everyMs: 1e9, assumed: 3 }),
          );
          const counters = all.map(one => one.counter('c', clock.wall() + 1e12));
          for (const one of all) await one.exchange();
          for (const step of steps) {
            if (step === 'time') clock.advance(700);
            else if (typeof step === 'string') trouble = step;
            else {
              const counter = counters[step.at]!;
              if (step.kind === 'swap') await all[step.at]!.exchange();
              else if (step.kind === 'free') counter.hold(-counter.held);
              else if (counter.room(limit - counter.own - counter.others, step.amount) >= step.amount) {
                if (step.kind === 'use') counter.add(step.amount);
                else counter.hold(step.amount);
              }
            }
            expect(counters.reduce((sum, { own, held }) => sum + own + held, 0)).toBeLessThanOrEqual(limit);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('forget a counter when its time has passed', async () => {
    const { clock, open, until } = setUp();
    const a = open('a');
    const before = a.counter('x', until);
    before.add(5);
    clock.advance(61_000);
    await a.exchange();
    await a.exchange();
    expect(a.counter('x', until + 120_000)).not.toBe(before);
  });

  it('lose nothing, whichever exchanges fail and whenever the memory is lost', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.nat(2), fc.constantFrom('swap 0', 'swap 1', 'swap 2', 'fail', 'heal', 'lose')), {
          maxLength: 60,
        }),
        async steps => {
          const clock = new VirtualClock();
          let hub = new CounterHub({ clock, goneAfter: GONE_AFTER });
          let failing = false;
          const exchange = {
            async swap(...given: Parameters<CounterHub['swap']>) {
              // Half of what fails has been heard although nobody is told so.
              const heard = await hub.swap(...given);
              if (failing) throw new Error('cut');
              return heard;
            },
            close: async () => {},
          };
          const all = [0, 1, 2].map(at => new ExchangedCounters({ exchange, clock, process: `p${at}` }));
          const counters = all.map(one => one.counter('c', clock.wall() + 1e9));
          let total = 0;
          for (const step of steps) {
            if (typeof step === 'number') {
              counters[step]!.add(step + 1);
              total += step + 1;
            } else if (step === 'fail') failing = true;
            else if (step === 'heal') failing = false;
            else if (step === 'lose') hub = new CounterHub({ clock, goneAfter: GONE_AFTER });
            else await all[Number(step.slice(5))]!.exchange();
          }
          failing = false;
          for (let round = 0; round < 2; round++) for (const one of all) await one.exchange();
          for (const counter of counters) {
            counter.room(0, 1);
          }
          for (const one of all) await one.exchange();
          for (const counter of counters) expect(counter.own + counter.others).toBe(total);
        },
      ),
    );
  });
});
