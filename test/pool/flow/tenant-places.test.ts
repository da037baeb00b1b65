import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasItsShare, TenantPlaces } from '#pool/flow/tenant-places.js';
import { ANSWERED, ask, bench, plain } from '../support.js';

const flow = (tenant: string) => ({ tenant, priority: 'normal', dueAt: Number.POSITIVE_INFINITY, bytes: 0 }) as const;

describe('the places of a tenant', () => {
  test('alone it may have all, beside others its share', () => {
    const places = new TenantPlaces();
    places.asked('a', 0);
    places.holders.took('a');
    expect(places.contested('a', 0)).toBe(false);
    places.asked('b', 1000);
    expect([places.contested('a', 1000), places.contested('b', 1000)]).toEqual([true, true]);
    expect([6, 7, 8].map(own => hasItsShare(own, 0.75, 10))).toEqual([false, true, true]);
  });

  test('others are forgotten 10 s after they asked, unless they still have a place', () => {
    const places = new TenantPlaces();
    places.asked('b', 0);
    places.holders.took('b');
    places.asked('a', 5);
    places.holders.took('a');
    expect(places.contested('a', 60_000)).toBe(true);
    places.holders.gave('b');
    expect(places.contested('a', 10_000)).toBe(true);
    expect(places.forgetsAt(10_000)).toBe(10_001);
    expect(places.contested('a', 10_001)).toBe(false);
    expect([places.forgetsAt(10_001), places.forgetsAt(10_006)]).toEqual([10_006, undefined]);
  });

  test('a tenant without a place may always have one, and counts end in nothing', () => {
    const names = fc.constantFrom('a', 'b', 'c');
    fc.assert(
      fc.property(
        fc.array(names, { maxLength: 60 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (who, share) => {
          const { holders } = new TenantPlaces();
          for (const tenant of who) holders.took(tenant);
          for (const tenant of who) expect(holders.of(tenant)).toBe(who.filter(one => one === tenant).length);
          for (const tenant of who) holders.gave(tenant);
          expect(holders.size).toBe(0);
          expect(hasItsShare(0, share, 3)).toBe(false);
        },
      ),
    );
  });
});

test('a flood leaves places free for whoever comes besides, and waits for its own', () => {
  const { pool } = bench(plain(2, { concurrency: 4 }));
  const by = (tenant: string) => ask(pool, { flow: flow(tenant) });
  const first = by('quiet').lease;
  const flood = Array.from({ length: 8 }, () => by('flood'));
  expect(flood.filter(({ results }) => results.length > 0)).toHaveLength(6);
  first.release(ANSWERED);
  expect(flood.filter(({ results }) => results.length > 0)).toHaveLength(6);
  expect(by('quiet').results).toHaveLength(1);
  flood[0]!.lease.release(ANSWERED);
  expect(flood.filter(({ results }) => results.length > 0)).toHaveLength(7);
});
