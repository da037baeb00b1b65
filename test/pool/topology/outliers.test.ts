import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ANSWERED, ask, bench, FAULT, parsed, plain, statusOf } from '../support.js';

const CALM = { failures: 1000, error_share: 1, least_requests: 1000 };
const IDS = ['p/a', 'p/b', 'p/c', 'p/d'];

function others(id: string, count: number): string[] {
  return IDS.slice(0, count).filter(other => other !== id);
}

describe('outlier ejection', () => {
  test('rests a replica that fails far more than its peers, for a time that grows', () => {
    const { pool, clock } = bench(plain(3, { circuit: CALM, ejection: { least_requests: 10, for: '10s' } }));
    const misbehave = () => {
      for (let i = 0; i < 40; i++) {
        clock.advance(100);
        for (const id of IDS.slice(0, 3)) {
          const asked = ask(pool, { exclude: others(id, 3) });
          if (asked.results[0] instanceof Error) continue;
          asked.lease.release(id === 'p/a' && i % 2 === 0 ? FAULT : ANSWERED);
        }
        if (statusOf(pool, 'p/a').ejectedForMs > 0) return;
      }
    };
    misbehave();
    expect(statusOf(pool, 'p/a')).toMatchObject({ ejectedForMs: 10_000, unavailable: 'ejected', circuit: 'closed' });
    expect(statusOf(pool, 'p/b').unavailable).toBeUndefined();
    clock.advance(10_000);
    expect(statusOf(pool, 'p/a').unavailable).toBeUndefined();
    misbehave();
    expect(statusOf(pool, 'p/a').ejectedForMs).toBe(20_000);
  });

  test('does not rest a replica again for what it was rested for', () => {
    const { pool, clock } = bench(
      plain(2, { circuit: { ...CALM, window: '10m' }, ejection: { least_requests: 10, for: '10s' } }),
    );
    for (let i = 0; i < 40 && statusOf(pool, 'p/a').unavailable === undefined; i++) {
      clock.advance(100);
      ask(pool, { exclude: ['p/b'] }).lease.release(FAULT);
      ask(pool, { exclude: ['p/a'] }).lease.release(ANSWERED);
    }
    expect(statusOf(pool, 'p/a').unavailable).toBe('ejected');
    clock.advance(10_000);
    for (let i = 0; i < 30; i++) {
      clock.advance(100);
      ask(pool, { exclude: ['p/b'] }).lease.release(ANSWERED);
      expect(statusOf(pool, 'p/a').unavailable).toBeUndefined();
    }
  });

  test('rests a replica that answers far slower than its peers', () => {
    const { pool, clock } = bench(plain(4, { ejection: { least_requests: 10 } }));
    for (let i = 0; i < 40 && statusOf(pool, 'p/d').unavailable === undefined; i++) {
      for (const id of IDS) {
        const { lease } = ask(pool, { exclude: others(id, 4) });
        clock.advance(id === 'p/d' ? 900 : 50);
        lease.firstByte();
        lease.release(ANSWERED);
      }
    }
    expect(IDS.map(id => statusOf(pool, id).unavailable)).toEqual([undefined, undefined, undefined, 'ejected']);
  });

  test('leaves alone what is slow by milliseconds only, and pools that fail alike', () => {
    const { pool, clock } = bench(plain(3, { circuit: CALM, ejection: { least_requests: 10 } }));
    for (let i = 0; i < 60; i++) {
      for (const id of IDS.slice(0, 3)) {
        const { lease } = ask(pool, { exclude: others(id, 3) });
        clock.advance(id === 'p/c' ? 20 : 1);
        lease.firstByte();
        lease.release(i % 3 === 0 ? FAULT : ANSWERED);
      }
    }
    clock.advance(2000);
    expect(pool.replicas().map(({ unavailable }) => unavailable)).toEqual([undefined, undefined, undefined]);
  });

  test('can be switched off', () => {
    const { pool, clock } = bench(plain(2, { circuit: CALM, ejection: false }));
    for (let i = 0; i < 60; i++) {
      clock.advance(100);
      ask(pool, { exclude: ['p/b'] }).lease.release(FAULT);
      ask(pool, { exclude: ['p/a'] }).lease.release(ANSWERED);
    }
    expect(statusOf(pool, 'p/a').unavailable).toBeUndefined();
  });

  test('ends where it is switched off, and who waits is served', () => {
    const settings = { concurrency: 1, circuit: CALM };
    const { pool, clock } = bench(plain(2, { ...settings, ejection: { least_requests: 10, for: '1m' } }));
    for (let i = 0; i < 40 && statusOf(pool, 'p/a').unavailable === undefined; i++) {
      clock.advance(100);
      ask(pool, { exclude: ['p/b'] }).lease.release(FAULT);
      ask(pool, { exclude: ['p/a'] }).lease.release(ANSWERED);
    }
    ask(pool);
    const waiting = ask(pool);
    pool.reconfigure(parsed(plain(2, { ...settings, ejection: { least_requests: 10, for: '30s' } })));
    expect(statusOf(pool, 'p/a').unavailable).toBe('ejected');
    pool.reconfigure(parsed(plain(2, { ...settings, ejection: false })));
    expect(statusOf(pool, 'p/a')).toMatchObject({ unavailable: undefined, ejectedForMs: 0 });
    expect(waiting.lease.placement.replica).toBe('p/a');
  });

  test('is lifted when nothing else is left', () => {
    const { pool, clock } = bench(plain(2, { circuit: CALM, ejection: { least_requests: 10 } }));
    for (let i = 0; i < 40 && statusOf(pool, 'p/a').unavailable === undefined; i++) {
      clock.advance(100);
      ask(pool, { exclude: ['p/b'] }).lease.release(FAULT);
      ask(pool, { exclude: ['p/a'] }).lease.release(ANSWERED);
    }
    expect(statusOf(pool, 'p/a').unavailable).toBe('ejected');
    pool.probed('p/b', false, 0);
    expect(ask(pool).lease.placement.replica).toBe('p/a');
    expect(statusOf(pool, 'p/a').unavailable).toBeUndefined();
  });

  test('never takes more than its share, and never the last available replica', () => {
    const step = fc.record({
      which: fc.nat({ max: 3 }),
      fault: fc.boolean(),
      ms: fc.integer({ min: 0, max: 2000 }),
      probe: fc.option(fc.record({ which: fc.nat({ max: 3 }), ok: fc.boolean() }), { freq: 8 }),
    });
    let ejections = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 40, maxLength: 200 }), fc.constantFrom(0.25, 0.5, 1), (steps, share) => {
        const { pool, clock } = bench(
          plain(4, { circuit: CALM, ejection: { least_requests: 2, factor: 1.1, share, for: '20s' } }),
        );
        for (const { which, fault, ms, probe } of steps) {
          clock.advance(ms);
          if (probe !== null) pool.probed(IDS[probe.which]!, probe.ok, 1);
          const before = pool.replicas();
          const asked = ask(pool, { exclude: others(IDS[which]!, 4) });
          if (asked.results[0] instanceof Error) continue;
          // The last two replicas behave, so that there is something to be worse than.
          asked.lease.release(fault && which < 2 ? FAULT : ANSWERED);
          const after = pool.replicas();
          const resting = after.filter(({ ejectedForMs }) => ejectedForMs > 0).length;
          const newly = after.some((now, i) => now.ejectedForMs > 0 && before[i]!.ejectedForMs === 0);
          expect(resting).toBeLessThanOrEqual(Math.floor(share * 4));
          if (!newly) continue;
          ejections += 1;
          expect(after.some(({ unavailable }) => unavailable === undefined)).toBe(true);
        }
      }),
      { numRuns: 200, seed: 5 },
    );
    expect(ejections).toBeGreaterThan(50);
  });
});
