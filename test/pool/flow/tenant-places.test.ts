import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TenantPlaces } from '#pool/flow/tenant-places.js';
import { ANSWERED, ask, bench, plain } from '../support.js';

const flow = (tenant: string) => ({ tenant, priority: 'normal', dueAt: Number.POSITIVE_INFINITY, bytes: 0 }) as const;

describe('the places of a tenant', () => {
  test('alone it may have all, beside others its share', () => {
    const places = new TenantPlaces();
    places.asked('a', 0);
    for (let i = 0; i < 8; i++) places.took('a');
    expect(places.mustWait('a', 0.75, 10, 0)).toBe(false);
    places.asked('b', 1000);
    expect(places.mustWait('a', 0.75, 10, 1000)).toBe(true);
    expect(places.mustWait('b', 0.75, 10, 1000)).toBe(false);
  });

  test('others are forgotten 10 s after they asked, unless they still have a place', () => {
    const places = new TenantPlaces();
    places.asked('b', 0);
    places.took('b');
    places.asked('a', 5);
    for (let i = 0; i < 9; i++) places.took('a');
    expect(places.mustWait('a', 0.75, 10, 60_000)).toBe(true);
    places.gave('b');
    expect(places.mustWait('a', 0.75, 10, 10_000)).toBe(true);
    expect(places.mustWait('a', 0.75, 10, 10_001)).toBe(false);
  });

  test('a tenant without a place may always have one, and counts end in nothing', () => {
    const names = fc.constantFrom('a', 'b', 'c');
    fc.assert(
      fc.property(
        fc.array(names, { maxLength: 60 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (who, share) => {
          const places = new TenantPlaces();
          for (const tenant of who) {
            places.asked(tenant, 0);
            places.took(tenant);
          }
          for (const tenant of who) places.gave(tenant);
          places.asked('x', 0);
          for (const tenant of ['a', 'b', 'c']) expect(places.mustWait(tenant, share, 3, 0)).toBe(false);
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
