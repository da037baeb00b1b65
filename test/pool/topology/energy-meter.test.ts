import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EnergyMeter } from '#pool/topology/energy-meter.js';
import { ANSWERED, ask, bench, parsed, plain, statusOf } from '../support.js';

const watts = (requests: number) => 100 + 50 * Math.log2(requests + 1);

test('what requests are charged adds up to what was drawn while busy, however they overlap', () => {
  const steps = fc.array(fc.record({ wait: fc.integer({ min: 0, max: 5000 }), come: fc.boolean() }), { maxLength: 60 });
  fc.assert(
    fc.property(steps, list => {
      const meter = new EnergyMeter(watts);
      const present: number[] = [];
      let now = 0;
      let charged = 0;
      let drawn = 0;
      for (const { wait, come } of [...list, ...list.map(() => ({ wait: 100, come: false }))]) {
        if (present.length > 0) drawn += (watts(present.length) * wait) / 1000;
        now += wait;
        if (come) present.push(meter.reading(now));
        else if (present.length > 0) charged += meter.reading(now) - present.shift()!;
        meter.share(present.length, now);
      }
      expect(charged).toBeCloseTo(drawn, 6);
      expect(meter.joules).toBeCloseTo(drawn, 6);
    }),
  );
});

test('a lease is charged its share of the watts of all GPUs of the replica, and no more once released', () => {
  const power = { idle: 100, nominal: 300, midpoint: 0, steepness: 1 };
  const { pool, clock } = bench(plain(1, { gpu: 'house-made', tp: 2, pp: 2, power, gpu_price: 3 }));
  const first = ask(pool).lease;
  clock.advance(1000);
  // One sequence is at the midpoint: 200 W on each of four GPUs.
  expect(first.joules).toBeCloseTo(800, 6);
  const second = ask(pool).lease;
  clock.advance(1000);
  const both = 4 * (100 + 200 / (1 + Math.exp(-1)));
  expect(second.joules).toBeCloseTo(both / 2, 6);
  first.release(ANSWERED);
  clock.advance(500);
  expect(first.joules).toBeCloseTo(800 + both / 2, 6);
  expect(second.joules).toBeCloseTo(both / 2 + 400, 6);
  expect(statusOf(pool, 'p/a')).toMatchObject({ gpu: 'house-made', gpus: 4, usdPerHour: 12, watts: 800 });
  expect(pool.snapshot().pools[0]).toMatchObject({ gpus: 4, usdPerHour: 12, watts: 800 });
});

test('without known power nothing is charged', () => {
  for (const more of [{}, { gpu: 'house-made' }]) {
    const { pool } = bench(plain(1, more));
    const { lease } = ask(pool);
    lease.release(ANSWERED);
    expect(lease.joules).toBeUndefined();
  }
});

test('power that changes with the configuration counts from then on', () => {
  const flat = (watt: number) => ({ idle: watt, nominal: watt, midpoint: 0 });
  const { pool, clock } = bench(plain(1, { gpu: 'x', power: flat(100) }));
  const before = ask(pool).lease;
  clock.advance(1000);
  pool.reconfigure(parsed(plain(1, { gpu: 'x', power: flat(500) })));
  const after = ask(pool).lease;
  clock.advance(1000);
  expect(after.joules).toBeCloseTo(250, 6);
  before.release(ANSWERED);
  after.release(ANSWERED);
});
