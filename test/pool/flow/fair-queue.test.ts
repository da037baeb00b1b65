import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FlowFacts, Priority } from '#contract/flow.js';
import { FairQueue, type Waiting } from '#pool/flow/fair-queue.js';
import { shedChance } from '#pool/flow/shedding.js';

function facts(tenant = '', priority: Priority = 'normal', dueAt = Number.POSITIVE_INFINITY, bytes = 10): FlowFacts {
  return { tenant, priority, dueAt, bytes };
}

/** Serves up to so many, in order. */
function serve<T>(queue: FairQueue<T>, count: number, takes: (value: T) => boolean = () => true): T[] {
  const served: T[] = [];
  queue.serve(
    () => served.length >= count,
    value => {
      if (!takes(value)) return false;
      served.push(value);
      return true;
    },
  );
  return served;
}

const arrival = fc.record({
  tenant: fc.constantFrom('a', 'b', 'c'),
  priority: fc.constantFrom<Priority>('high', 'normal', 'low'),
  dueAt: fc.constantFrom(1, 2, 3, Number.POSITIVE_INFINITY),
  tokens: fc.integer({ min: 1, max: 60_000 }),
  bytes: fc.integer({ min: 0, max: 1000 }),
});

describe('the fair queue', () => {
  test('conserves: who comes is served, leaves or waits, each once, and the amounts are those of who waits', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: arrival },
      fc.record({ leave: fc.nat({ max: 9 }) }),
      fc.record({ serve: fc.nat({ max: 3 }), odd: fc.boolean() }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), steps => {
        const queue = new FairQueue<number>();
        let waiting: Waiting<number>[] = [];
        let next = 0;
        for (const one of steps) {
          if ('tenant' in one) waiting.push(queue.push(next++, one.tokens, one));
          else if ('leave' in one) {
            const leaving = waiting[one.leave];
            leaving?.leave();
            leaving?.leave();
            waiting = waiting.filter(other => other !== leaving);
          } else {
            const served = serve(queue, one.serve, value => !one.odd || value % 2 === 1);
            expect(new Set(served).size).toBe(served.length);
            for (const value of served) expect(waiting.some(other => other.value === value)).toBe(true);
            const able = waiting.filter(({ value }) => !one.odd || value % 2 === 1);
            expect(served.length).toBe(Math.min(one.serve, able.length));
            waiting = waiting.filter(({ value }) => !served.includes(value));
          }
          expect([...queue.values()].map(({ value }) => value)).toEqual(waiting.map(({ value }) => value));
          expect(queue.oldest?.value).toBe(waiting[0]?.value);
          expect(queue.amount).toEqual({
            requests: waiting.length,
            tokens: waiting.reduce((sum, { tokens }) => sum + tokens, 0),
            bytes: waiting.reduce((sum, other) => sum + other.facts.bytes, 0),
          });
          expect(queue.length).toBe(waiting.length);
        }
        serve(queue, next);
        expect(queue.length).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  test('nobody starves: whatever floods in, of whatever priority, every request is served within a bound', () => {
    fc.assert(
      fc.property(arrival, fc.array(arrival, { minLength: 1, maxLength: 8 }), (one, flood) => {
        const queue = new FairQueue<number>();
        const push = (at: number) => queue.push(at, flood[at]!.tokens + 999, flood[at]!);
        queue.push(-1, one.tokens, { ...one, tenant: 'quiet' });
        for (let i = 0; i < 3 * flood.length; i++) push(i % flood.length);
        let before = 0;
        // Each turn of its band and of its tenant gives it at least 4,096 tokens; between two turns the others get their own.
        const bands = { high: 64, normal: 8, low: 1 };
        const turns = Math.ceil(one.tokens / 4096) + 1;
        const bound = turns * 4096 * (73 / bands[one.priority] + 3) * 4 + 12 * 61_000;
        while (before <= bound) {
          const at = serve(queue, 1)[0]!;
          if (at < 0) return;
          before += flood[at]!.tokens + 999;
          push(at);
        }
        expect.fail(`${before} tokens went before it`);
      }),
      { numRuns: 100 },
    );
  });

  test('tenants get even shares of tokens, however long or many their requests are', () => {
    const queue = new FairQueue<string>();
    for (let i = 0; i < 4000; i++) queue.push('many short', 250, facts('many short'));
    for (let i = 0; i < 200; i++) queue.push('long', 9000, facts('long'));
    const tokens = new Map<string, number>();
    for (const name of serve(queue, 2000)) tokens.set(name, (tokens.get(name) ?? 0) + (name === 'long' ? 9000 : 250));
    expect(Math.abs(tokens.get('long')! - tokens.get('many short')!)).toBeLessThan(20_000);
  });

  test('bands share 64 to 8 to 1 while all have somebody waiting', () => {
    const queue = new FairQueue<Priority>();
    for (const priority of ['low', 'normal', 'high'] as const) {
      for (let i = 0; i < 9000; i++) queue.push(priority, 512, facts('', priority));
    }
    const counts = { high: 0, normal: 0, low: 0 };
    for (const priority of serve(queue, 73 * 8 * 10)) counts[priority]++;
    expect(counts.high / counts.low).toBeCloseTo(64, -1);
    expect(counts.normal / counts.low).toBeCloseTo(8, 0);
  });

  test('of one tenant the earliest due goes first, of equals who came first', () => {
    const queue = new FairQueue<string>();
    for (const [name, due] of [
      ['c', 30],
      ['a', 10],
      ['d', 30],
      ['b', 20],
    ] as const) {
      queue.push(name, 10, facts('', 'normal', due));
    }
    expect(serve(queue, 4)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('tells how many go first, and who is to make room', () => {
    const queue = new FairQueue<string>();
    for (let i = 0; i < 50; i++) queue.push(`flood ${i}`, 100, facts('flood', 'normal', i));
    queue.push('mine', 100, facts('me'));
    queue.push('urgent', 100, facts('boss', 'high'));
    expect(queue.ahead(facts('me'))).toBe(1 + 1 + 2);
    expect(queue.ahead(facts('flood'))).toBe(50 + 1 + 1);
    expect(queue.ahead(facts('new'))).toBe(1 + 1 + 1);
    expect(queue.ahead(facts('boss', 'high'))).toBe(1);
    const victims = (of: FlowFacts, tokens: number, most = queue.length) =>
      queue.victims(of, tokens, ({ requests }) => requests < most)?.map(({ value }) => value);
    expect(victims(facts('me'), 100)).toEqual(['flood 49']);
    expect(victims(facts('me'), 100, 51)).toEqual(['flood 49', 'flood 48']);
    expect(victims(facts('flood'), 100)).toBeUndefined();
    expect(victims(facts('me'), 4900)).toBeUndefined();
    // Forty-eight may go for one that has two hundred tokens then, and not the forty-ninth.
    expect(victims(facts('me'), 100, 5)).toHaveLength(48);
    expect(victims(facts('me'), 100, 4)).toBeUndefined();
    expect(queue.length).toBe(52);
    queue.push('whenever', 10, facts('boss', 'low'));
    expect(victims(facts('flood'), 100)).toEqual(['whenever']);
    expect(victims(facts('flood', 'low'), 100)).toBeUndefined();
  });
});

test('shedding rises from none to all without a step', () => {
  const range = { from: 0.8, full: 1.2 };
  expect([0, 0.8, 1, 1.2, 9].map(saturation => shedChance(saturation, range))).toEqual([
    0,
    0,
    expect.closeTo(0.5),
    1,
    1,
  ]);
  for (let s = 0; s < 2; s += 0.01) {
    const step = shedChance(s + 0.01, range) - shedChance(s, range);
    expect(step).toBeGreaterThanOrEqual(0);
    expect(step).toBeLessThan(0.04);
  }
});
