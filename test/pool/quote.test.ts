import { describe, expect, test } from 'vitest';
import { ANSWERED, addresses, ask, bench, CANCELLED, plain, profile } from './support.js';

describe('a quote', () => {
  test('knows price and feasibility at once, and times only after it has seen some', () => {
    const { pool, clock } = bench(plain(1, {}, { price: { prompt: 1, completion: 2 } }));
    const before = pool.quote('m', profile());
    expect(before).toMatchObject({ feasible: true, price: { prompt: 1, completion: 2, cached: 1 }, load: 0 });
    expect(before.ttftMs).toBeUndefined();
    expect(before.tpotMs).toBeUndefined();
    const { lease } = ask(pool);
    lease.sent();
    clock.advance(40);
    lease.firstByte();
    clock.advance(200);
    lease.release({ ...ANSWERED, usage: { promptTokens: 100, completionTokens: 11, cachedTokens: 0 } });
    expect(pool.quote('m', profile()).ttftMs).toBe(40);
    expect(pool.quote('m', profile()).tpotMs).toBe(20);
  });

  test('is of the pools that a decision allows, and of no others', () => {
    const [a, b] = addresses(2);
    const pools = { slow: { model: 'm', replicas: [a] }, fast: { model: 'm', replicas: [b] } };
    const { pool, clock } = bench({ models: { m: {} }, pools });
    for (const [name, decodeMs] of [
      ['slow', 500],
      ['fast', 100],
    ] as const) {
      const { lease } = ask(pool, { constraints: { pools: [name] } });
      lease.sent();
      lease.firstByte();
      clock.advance(decodeMs);
      lease.release({ ...ANSWERED, usage: { promptTokens: 100, completionTokens: 11, cachedTokens: 0 } });
    }
    const quoted = (...names: string[]) => pool.quote('m', profile(), { pools: names });
    expect(quoted('slow').tpotMs).toBe(50);
    expect(quoted('fast').tpotMs).toBe(10);
    ask(pool, { constraints: { pools: ['slow'] } });
    expect(quoted('fast').load).toBe(0);
    expect(quoted('slow').load).toBeGreaterThan(pool.quote('m', profile()).load);
    expect(quoted('other')).toMatchObject({
      feasible: false,
      reason: expect.stringContaining('no pool that this decision allows serves m'),
    });
    pool.drain('fast/b', true);
    expect(quoted('fast').feasible).toBe(false);
    expect(pool.quote('m', profile()).feasible).toBe(true);
  });

  test('an answer in one piece is no time to first token', () => {
    const { pool, clock } = bench(plain(1));
    const { lease } = ask(pool);
    lease.sent();
    clock.advance(500);
    lease.firstByte(true);
    lease.release({ ...ANSWERED, usage: { promptTokens: 100, completionTokens: 101, cachedTokens: 0 } });
    expect(pool.quote('m', profile()).ttftMs).toBeUndefined();
    expect(pool.quote('m', profile()).tpotMs).toBe(5);
  });

  test('grows with the prompt, less what the cache holds, and with the prompts in front', () => {
    const { pool, clock, placers } = bench(plain(1, {}, { context: '1M' }));
    for (let i = 1; i <= 10; i++) {
      const { lease } = ask(pool, { promptTokens: i * 1000 });
      clock.advance(10 + i * 100);
      lease.firstByte();
      lease.release(ANSWERED);
    }
    expect(pool.quote('m', profile(20_000)).ttftMs).toBeCloseTo(2010, 6);
    placers[0]!.hit = 15_000;
    expect(pool.quote('m', profile(20_000)).ttftMs).toBeCloseTo(510, 6);
    expect(pool.quote('m', profile(20_000)).prefixHitTokens).toBe(15_000);
    expect(pool.quote('m', profile(20_000)).prefillMsPerToken).toBeCloseTo(0.1, 9);
    expect(pool.quote('m', profile(50)).prefixHitTokens).toBe(50);
    placers[0]!.hit = 0;
    ask(pool, { promptTokens: 5000 });
    expect(pool.quote('m', profile(20_000)).ttftMs).toBeCloseTo(2510, 6);
  });

  test('no longer counts a prompt in front that was given up before its first byte', () => {
    const { pool, clock } = bench(plain(1));
    for (let i = 1; i <= 10; i++) {
      const { lease } = ask(pool, { promptTokens: i * 100 });
      clock.advance(i * 10);
      lease.firstByte();
      lease.release(ANSWERED);
    }
    ask(pool, { promptTokens: 0 });
    const gone = ask(pool, { promptTokens: 2000 }).lease;
    expect(pool.quote('m', profile(1000)).ttftMs).toBeCloseTo(300, 6);
    gone.release(CANCELLED);
    expect(pool.quote('m', profile(1000)).ttftMs).toBeCloseTo(100, 6);
  });

  test('includes the wait when all places are taken', () => {
    const { pool, clock } = bench(plain(1, { concurrency: 1 }));
    const first = ask(pool).lease;
    clock.advance(40);
    first.firstByte();
    clock.advance(60);
    first.release(ANSWERED);
    const { lease } = ask(pool);
    lease.firstByte();
    const quote = pool.quote('m', profile());
    expect(quote.load).toBe(1);
    expect(quote.ttftMs).toBeCloseTo(20 + 100, 6);
  });

  test('says why it is not feasible', () => {
    const { pool } = bench(plain(1));
    expect(pool.quote('x', profile())).toMatchObject({ feasible: false, reason: 'no pool serves x', load: 1 });
    const long = pool.quote('m', profile(8000, 500));
    expect(long.feasible).toBe(false);
    expect(long.reason).toContain('8192');
    pool.probed('p/a', false, 0);
    expect(pool.quote('m', profile()).reason).toContain('p/a: unhealthy');
  });

  test('tells energy where somebody can', () => {
    const { pool } = bench(plain(1, { gpu: 'h100' }), {
      energy: (entry, { promptTokens, outputTokens }) =>
        entry.gpu === 'h100' ? promptTokens + outputTokens : undefined,
    });
    expect(pool.quote('m', profile(100, 50)).joules).toBe(150);
    expect(bench(plain(1)).pool.quote('m', profile()).joules).toBeUndefined();
  });
});
