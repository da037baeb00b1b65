import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HEARD_FOR } from '#pool/sharing/hearsay.js';
import { ANSWERED, ask, type Bench, bench, FAULT, plain, statusOf } from '../support.js';

const SHORT = { circuit: { failures: 2, open_for: '10s' } };

/** Two gateways on the same replicas. */
function pair(replicas: number, more: Record<string, unknown> = {}): readonly [Bench, Bench] {
  const [a, b] = [bench(plain(replicas, more)), bench(plain(replicas, more))];
  // What is sent is kept for the others from the first telling on.
  a.pool.news();
  b.pool.news();
  return [a, b];
}

const tell = (from: Bench, to: Bench, name = 'b'): void => to.pool.hear(name, from.pool.news());

describe('two gateways on the same replicas', () => {
  test('place by the load of both', () => {
    const [a, b] = pair(2);
    const busy = ask(b.pool).lease;
    expect(busy.target.id).toBe('p/a');
    tell(b, a);
    expect(ask(a.pool).lease.target.id).toBe('p/b');
    expect(a.pool.sharing.heard).toBe(1);
  });

  test('keep places of their own: what others have on a replica takes none', () => {
    const [a, b] = pair(1, { concurrency: 1 });
    ask(b.pool);
    tell(b, a);
    expect(ask(a.pool).lease.target.id).toBe('p/a');
    expect(statusOf(a.pool, 'p/a')).toMatchObject({ inFlight: 1, limit: 1 });
    expect(ask(a.pool).results).toEqual([]);
  });

  test('a load that is not told again is forgotten', () => {
    const [a, b] = pair(2);
    ask(b.pool);
    tell(b, a);
    a.clock.advance(HEARD_FOR + 1);
    a.pool.news();
    expect(a.pool.sharing.heard).toBe(0);
    expect(ask(a.pool).lease.target.id).toBe('p/a');
  });

  test('know what prompts the other has sent, once each, and what caches it saw lost', () => {
    const [a, b] = pair(1);
    const prefix = { hashes: [1, 2, 3], blockTokens: 16 };
    ask(b.pool, { prefix }).lease.sent();
    tell(b, a);
    tell(b, a);
    expect(a.placers[0]!.commits).toEqual(['p/a']);
    b.pool.observed('p/a', { startedAt: 1 });
    b.pool.observed('p/a', { startedAt: 2 });
    tell(b, a);
    expect(a.placers[0]!.forgotten).toEqual(['p/a']);
  });

  test('what was heard is not told on', () => {
    const [a, b] = pair(1);
    ask(b.pool, { prefix: { hashes: [1], blockTokens: 16 } }).lease.sent();
    tell(b, a);
    expect(a.pool.news()).toEqual({ replicas: [], prompts: [], forgotten: [] });
  });

  test('a circuit that requests of one opened is open for the other, which tries it once the one has closed it', () => {
    const [a, b] = pair(1, SHORT);
    for (let i = 0; i < 2; i++) ask(b.pool).lease.release(FAULT);
    tell(b, a);
    expect(statusOf(a.pool, 'p/a').circuit).toBe('open');
    expect(a.pool.news().replicas).toEqual([]);
    b.clock.advance(10_000);
    ask(b.pool).lease.release(ANSWERED);
    expect(statusOf(b.pool, 'p/a').circuit).toBe('closed');
    tell(b, a);
    expect(statusOf(a.pool, 'p/a').circuit).toBe('half-open');
  });

  test('one whose own requests go well does not believe that the replica is dead', () => {
    const [a, b] = pair(1, SHORT);
    ask(a.pool).lease.release(ANSWERED);
    for (let i = 0; i < 2; i++) ask(b.pool).lease.release(FAULT);
    tell(b, a);
    expect(statusOf(a.pool, 'p/a').circuit).toBe('closed');
  });

  test('prompts that nobody fetches are bounded, the oldest left out', () => {
    const [a] = pair(1, { concurrency: 1000 });
    for (let i = 0; i < 100; i++) {
      const hashes = Array.from({ length: 1000 }, (_, at) => i * 1000 + at);
      ask(a.pool, { prefix: { hashes, blockTokens: 16 } }).lease.sent();
    }
    const { prompts } = a.pool.news();
    expect(prompts).toHaveLength(65);
    expect(prompts.at(-1)!.prefix.hashes[0]).toBe(99_000);
    expect(a.pool.sharing.leftOut).toBe(35);
  });

  test('news of replicas that only the other has change nothing', () => {
    const [a, b] = [bench(plain(1)), bench(plain(3))];
    b.pool.news();
    for (let i = 0; i < 3; i++) ask(b.pool, { prefix: { hashes: [i], blockTokens: 16 } }).lease.sent();
    tell(b, a);
    expect(a.placers[0]!.commits).toEqual(['p/a']);
  });

  test('whatever is told and in whatever order, a replica has its own load and the last that each told', () => {
    const load = fc.record({
      ...{ inFlight: fc.nat(50), waiting: fc.nat(50) },
      ...{ inFlightTokens: fc.nat(1e6), pendingPrefillTokens: fc.nat(1e6) },
    });
    const news = fc.record({ from: fc.constantFrom('b', 'c', 'd'), load: fc.option(load, { nil: undefined }) });
    fc.assert(
      fc.property(fc.array(news, { maxLength: 20 }), told => {
        const { pool, placers } = bench(plain(1));
        const latest = new Map<string, number>();
        for (const { from, load: one } of told) {
          const replicas = one === undefined ? [] : [{ replica: 'p/a', ...one, open: false }];
          pool.hear(from, { replicas, prompts: [], forgotten: [] });
          latest.set(from, one?.inFlight ?? 0);
        }
        let seen = -1;
        const choose = placers[0]!.choose.bind(placers[0]!);
        placers[0]!.choose = (request, replicas) => {
          seen = replicas[0]!.inFlight;
          return choose(request, replicas);
        };
        ask(pool);
        expect(seen).toBe([...latest.values()].reduce((sum, value) => sum + value, 0));
      }),
      { numRuns: 50 },
    );
  });
});
