import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SpillOver } from '#pool/flow/spill-over.js';
import type { Lease } from '#pool/lease.js';
import type { LivePool } from '#pool/pool.js';
import { ANSWERED, ask, bench } from '../support.js';

const marks = fc
  .tuple(fc.double({ min: 0.01, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([above, share]) => ({ above, below: above * share }));
const walk = fc.array(fc.double({ min: 0, max: 2, noNaN: true }), { maxLength: 200 });

describe('spill-over', () => {
  test('whatever load does within the band, it goes on as it was', () => {
    fc.assert(
      fc.property(marks, fc.boolean(), walk, (given, begun, noise) => {
        const spill = new SpillOver();
        if (begun) spill.look(given.above, given);
        const before = spill.spilling;
        expect(before).toBe(begun);
        for (const at of noise) {
          const within = given.below + (at / 2) * (given.above - given.below);
          if (within < given.above) expect(spill.look(within, given)).toBe(before);
        }
        expect(spill.spells).toBe(begun ? 1 : 0);
      }),
    );
  });

  test('it begins as often as load reaches the upper mark after having been under the lower', () => {
    fc.assert(
      fc.property(marks, walk, (given, loads) => {
        const spill = new SpillOver();
        let crossings = 0;
        let armed = true;
        for (const load of loads) {
          if (load >= given.above && armed) {
            crossings += 1;
            armed = false;
          } else if (load < given.below) armed = true;
          expect(spill.look(load, given)).toBe(!armed);
        }
        expect(spill.spells).toBe(crossings);
      }),
    );
  });
});

describe('pools of two windows', () => {
  const pools = (spill: object) =>
    bench({
      models: { m: { context: 8192 } },
      pools: {
        short: { model: 'm', context: 1024, concurrency: 10, spill, replicas: ['http://10.0.0.1:1'] },
        long: { model: 'm', concurrency: 10, replicas: ['http://10.0.0.2:1'] },
      },
    }).pool;
  const take = (pool: LivePool) => ask(pool).lease;
  const where = (leases: readonly Lease[]) => leases.map(({ placement }) => placement.pool);
  const free = (leases: Lease[], pool: string, count: number) => {
    for (let i = 0; i < count; i++) {
      const at = leases.findIndex(({ placement }) => placement.pool === pool);
      leases.splice(at, 1)[0]!.release(ANSWERED);
    }
  };
  const of = (pool: LivePool, name: string) => pool.snapshot().pools.find(one => one.name === name)!;

  test('do not take turns about one mark: what has begun to spill goes on until load is under the other', () => {
    const pool = pools({ above: 0.8, below: 0.5 });
    const leases = Array.from({ length: 8 }, () => take(pool));
    expect(new Set(where(leases))).toEqual(new Set(['short']));
    for (const left of [8, 7, 6, 5]) {
      if (left < 8) free(leases, 'short', 1);
      const lease = take(pool);
      expect([left, lease.placement.pool]).toEqual([left, 'long']);
      lease.release(ANSWERED);
    }
    free(leases, 'short', 1);
    expect(take(pool).placement.pool).toBe('short');
    expect(of(pool, 'short')).toMatchObject({ spilling: false, spells: 1 });
    expect(of(pool, 'long').counts).toMatchObject({ granted: 4, spilled: 4 });
  });

  test('take back what nobody else has room for, and nobody waits beside a free place', () => {
    const pool = pools({ above: 0.8, below: 0.5 });
    const leases = Array.from({ length: 20 }, () => take(pool));
    expect(where(leases)).toEqual([...Array(8).fill('short'), ...Array(10).fill('long'), ...Array(2).fill('short')]);
    expect(ask(pool).results).toEqual([]);
  });

  test('spill only what has no place where nothing is said; below a band that has been entered they go on', () => {
    for (const [spill, then] of [
      [{}, 'short'],
      [{ below: 0.8 }, 'long'],
    ] as const) {
      const pool = pools(spill);
      const leases = Array.from({ length: 11 }, () => take(pool));
      expect(where(leases)).toEqual([...Array(10).fill('short'), 'long']);
      free(leases, 'short', 1);
      expect(take(pool).placement.pool).toBe(then);
    }
  });

  test('a request that only the long window takes is nobody’s spill-over', () => {
    const pool = pools({ above: 0.1, below: 0 });
    ask(pool, { promptTokens: 4000 });
    expect(of(pool, 'long').counts).toMatchObject({ granted: 1, spilled: 0 });
  });
});
