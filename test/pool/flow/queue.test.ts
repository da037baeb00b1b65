import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isWeirError } from '#contract/errors.js';
import type { FlowFacts } from '#contract/flow.js';
import type { Lease, LeaseResult } from '#pool/lease.js';
import { ANSWERED, ask, bench, CANCELLED, FAULT, parsed, plain, REFUSED, request } from '../support.js';

describe('waiting for a place', () => {
  test('first come, first served, and the time waited is told', () => {
    const { pool, clock } = bench(plain(1, { concurrency: 1 }));
    const holder = ask(pool).lease;
    const first = ask(pool);
    clock.advance(10);
    const second = ask(pool);
    clock.advance(5);
    holder.release(ANSWERED);
    expect(first.lease.placement.queuedMs).toBe(15);
    expect(second.results).toEqual([]);
    first.lease.release(ANSWERED);
    expect(second.lease.placement.queuedMs).toBe(5);
    expect(pool.snapshot().pools[0]?.counts).toEqual({
      ...{ granted: 3, waited: 2, saturated: 0, timedOut: 0 },
      ...{ evicted: 0, shed: 0, spilled: 0 },
    });
  });

  test('placement runs again for the one that is woken', () => {
    const { pool } = bench(plain(2, { concurrency: 1 }));
    const a = ask(pool).lease;
    const b = ask(pool).lease;
    expect([a.placement.replica, b.placement.replica]).toEqual(['p/a', 'p/b']);
    const waiting = ask(pool);
    b.release(ANSWERED);
    expect(waiting.lease.placement.replica).toBe('p/b');
  });

  test('one that may not use what came free lets the next have it', () => {
    const { pool } = bench(plain(2, { concurrency: 1 }));
    const a = ask(pool).lease;
    const b = ask(pool).lease;
    const picky = ask(pool, { exclude: ['p/a'] });
    const easy = ask(pool);
    a.release(ANSWERED);
    expect(picky.results).toEqual([]);
    expect(easy.lease.placement.replica).toBe('p/a');
    b.release(ANSWERED);
    expect(picky.lease.placement.replica).toBe('p/b');
  });

  test('a full queue refuses at once and says when to come back', () => {
    const { pool, clock } = bench(plain(1, { concurrency: 1, queue: { length: 2, timeout: '30s' } }));
    const holder = ask(pool).lease;
    ask(pool);
    ask(pool);
    const unknown = ask(pool).error;
    expect([unknown.code, unknown.status, unknown.retryAfterMs]).toEqual(['pool.saturated', 429, 30_000]);
    clock.advance(400);
    holder.release(ANSWERED);
    ask(pool);
    expect(ask(pool).error.retryAfterMs).toBe(1200);
    expect(pool.snapshot().pools[0]?.counts.saturated).toBe(2);
  });

  test('no queue at all refuses at once', () => {
    const { pool, clock } = bench(plain(1, { concurrency: 1, queue: { length: 0 } }));
    ask(pool);
    expect(ask(pool).error.code).toBe('pool.saturated');
    expect(clock.pending).toBe(0);
  });

  test('a wait that is predicted to be too long is refused at once', () => {
    const { pool, clock } = bench(plain(1, { concurrency: 1, queue: { timeout: '1s' } }));
    const first = ask(pool).lease;
    clock.advance(600);
    first.release(ANSWERED);
    ask(pool);
    const waiting = ask(pool);
    const { error } = ask(pool);
    expect([error.code, error.retryAfterMs]).toEqual(['pool.saturated', 1200]);
    expect(waiting.results).toEqual([]);
  });

  test('a wait that was too long ends in a refusal, and its place in the queue is free', () => {
    const { pool, clock } = bench(plain(1, { concurrency: 1, queue: { timeout: '1s' } }));
    const holder = ask(pool).lease;
    const waiting = ask(pool);
    clock.advance(999);
    expect(waiting.results).toEqual([]);
    clock.advance(1);
    expect(waiting.error.code).toBe('pool.saturated');
    expect(pool.read('p.queued')).toBe(0);
    holder.release(ANSWERED);
    expect(waiting.results).toHaveLength(1);
    expect(pool.snapshot().pools[0]?.counts.timedOut).toBe(1);
  });

  test('leaving means never being settled', () => {
    const { pool, clock } = bench(plain(1, { concurrency: 1 }));
    const holder = ask(pool).lease;
    const gone = ask(pool);
    const next = ask(pool);
    gone.cancel();
    gone.cancel();
    holder.release(ANSWERED);
    clock.advance(60_000);
    expect(gone.results).toEqual([]);
    expect(next.results).toHaveLength(1);
  });

  test('leaving at the very moment of being served gives the place back', () => {
    const { pool } = bench(plain(2, { concurrency: 1, circuit: { failures: 1 } }));
    ask(pool).lease.release(FAULT);
    const holder = ask(pool).lease;
    const settled: string[] = [];
    pool.acquire(request(), () => {
      settled.push('first');
      cancelSecond();
    });
    const cancelSecond = pool.acquire(request(), () => settled.push('second'));
    pool.reconfigure(parsed(plain(2, { concurrency: 3, circuit: { failures: 1 } })));
    expect(settled).toEqual(['first']);
    expect(pool.read('p.in_flight')).toBe(2);
    holder.release(ANSWERED);
    expect(pool.read('p.in_flight')).toBe(1);
  });

  test('a long queue of which each gives its place back at once is told to its end', () => {
    const { pool } = bench(plain(1, { concurrency: 1, queue: { length: 20_000, tokens: '10M' } }));
    const holder = ask(pool).lease;
    const told: number[] = [];
    for (let i = 0; i < 20_000; i++) {
      pool.acquire(request(), result => {
        told.push(i);
        if (!isWeirError(result)) result.release(CANCELLED);
      });
    }
    holder.release(ANSWERED);
    expect(told).toEqual(Array.from({ length: 20_000 }, (_, i) => i));
    expect([pool.read('p.in_flight'), pool.read('p.queued')]).toEqual([0, 0]);
  });

  test('who waits for replicas that all go out is told at once', () => {
    const { pool, clock } = bench(plain(1, { concurrency: 1 }));
    const holder = ask(pool).lease;
    const waiting = ask(pool);
    pool.probed('p/a', false, 0);
    expect(waiting.error.code).toBe('pool.no_replica');
    expect(clock.pending).toBe(0);
    holder.release(ANSWERED);
  });

  describe('who may use none of the replicas that are left is told at once', () => {
    const world = () => {
      const { pool, clock } = bench(plain(2, { concurrency: 1, circuit: { failures: 1, open_for: '1s' } }));
      const held = ask(pool, { exclude: ['p/b'] }).lease;
      ask(pool, { exclude: ['p/a'] });
      return { pool, clock, held, only: ask(pool, { exclude: ['p/b'] }), either: ask(pool) };
    };
    const told = ({ pool, only, either }: ReturnType<typeof world>) => {
      expect(only.error.code).toBe('pool.no_replica');
      expect(either.results).toEqual([]);
      expect(pool.read('m.queued')).toBe(1);
    };

    test('when a circuit opens', () => {
      const all = world();
      all.held.release(FAULT);
      told(all);
      expect(all.only.error.retryAfterMs).toBeGreaterThan(0);
    });

    test('when probes find it dead', () => {
      const all = world();
      for (let i = 0; i < 3; i++) all.pool.probed('p/a', false, 1);
      told(all);
    });

    test('when it is taken out by hand', () => {
      const all = world();
      all.pool.drain('p/a', true);
      told(all);
    });

    test('when it has left the configuration', () => {
      const all = world();
      const left = plain(2, { concurrency: 1 });
      all.pool.reconfigure(
        parsed({ ...left, pools: { p: { ...left.pools.p, replicas: left.pools.p.replicas.slice(1) } } }),
      );
      told(all);
    });

    test('when another gateway tells that its circuit has opened', () => {
      const all = world();
      const load = { inFlight: 0, waiting: 0, inFlightTokens: 0, pendingPrefillTokens: 0 };
      all.pool.hear('other', { replicas: [{ replica: 'p/a', open: true, ...load }], prompts: [], forgotten: [] });
      told(all);
    });
  });

  test('a request that comes while others wait does not overtake them', () => {
    const { pool, clock } = bench(plain(2, { concurrency: 1, circuit: { failures: 1, open_for: '1s' } }));
    ask(pool).lease.release(FAULT);
    ask(pool);
    const waiting = ask(pool);
    clock.advance(1000);
    const late = ask(pool);
    expect(waiting.lease.placement.replica).toBe('p/a');
    expect(late.results).toEqual([]);
  });

  test('a model served by two pools of one window has one line, counted once', () => {
    const { pool } = bench({
      models: { m: {} },
      pools: {
        p: { model: 'm', concurrency: 1, replicas: ['http://10.0.0.1:1'] },
        q: { model: 'm', concurrency: 1, replicas: ['http://10.0.0.2:1'] },
      },
    });
    ask(pool);
    const q = ask(pool).lease;
    const first = ask(pool);
    const second = ask(pool);
    expect([pool.read('p.queued'), pool.read('q.queued'), pool.read('m.queued')]).toEqual([2, 2, 2]);
    q.release(ANSWERED);
    expect(first.lease.placement.pool).toBe('q');
    expect(second.results).toEqual([]);
    expect([pool.read('p.queued'), pool.read('q.queued'), pool.read('m.queued')]).toEqual([1, 1, 1]);
  });
});

type Step =
  | { readonly kind: 'ask'; readonly exclude: number | null }
  | { readonly kind: 'release'; readonly which: number; readonly result: LeaseResult; readonly first: boolean }
  | { readonly kind: 'cancel'; readonly which: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'probe'; readonly which: number; readonly ok: boolean };

const calm: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('ask' as const), exclude: fc.constant(null) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('release' as const),
      which: fc.nat({ max: 7 }),
      result: fc.constantFrom<LeaseResult>(ANSWERED, REFUSED, CANCELLED),
      first: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), which: fc.nat({ max: 7 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 600 }) }) },
);

const rough: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: calm },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('ask' as const), exclude: fc.option(fc.nat({ max: 2 })) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('release' as const),
      which: fc.nat({ max: 7 }),
      result: fc.constant<LeaseResult>(FAULT),
      first: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('probe' as const), which: fc.nat({ max: 2 }), ok: fc.boolean() }),
  },
);

const IDS = ['p/a', 'p/b', 'p/c'];

interface Asked {
  readonly number: number;
  settled: number;
  cancelled: boolean;
  waited: boolean;
  lease: Lease | undefined;
  open: boolean;
  cancel: () => void;
}

function play(steps: readonly Step[], each: (all: Asked[], world: ReturnType<typeof bench>, grants: number[]) => void) {
  const world = bench(
    plain(3, { concurrency: 2, queue: { length: 4, timeout: '1s' }, circuit: { failures: 2, open_for: '500ms' } }),
  );
  const { pool, clock } = world;
  const all: Asked[] = [];
  const grants: number[] = [];
  const held = () => all.filter(asked => asked.open);
  const waiting = () => all.filter(asked => asked.settled === 0 && !asked.cancelled);
  for (const step of steps) {
    if (step.kind === 'ask') {
      const asked: Asked = {
        number: all.length,
        settled: 0,
        cancelled: false,
        waited: false,
        lease: undefined,
        open: false,
        cancel: () => {},
      };
      all.push(asked);
      const exclude = step.exclude === null ? [] : [IDS[step.exclude]!];
      asked.cancel = pool.acquire(request({ exclude }), result => {
        asked.settled += 1;
        if (isWeirError(result)) return;
        asked.lease = result;
        asked.open = true;
        grants.push(asked.number);
      });
      asked.waited = asked.settled === 0;
    } else if (step.kind === 'release') {
      const asked = held()[step.which];
      if (asked === undefined) continue;
      asked.open = false;
      if (step.first) asked.lease?.firstByte();
      asked.lease?.release(step.result);
      asked.lease?.release(ANSWERED);
    } else if (step.kind === 'cancel') {
      const asked = waiting()[step.which];
      if (asked === undefined) continue;
      asked.cancelled = true;
      asked.cancel();
    } else if (step.kind === 'wait') clock.advance(step.ms);
    else pool.probed(IDS[step.which]!, step.ok, 1);
    each(all, world, grants);
  }
  for (let round = 0; round < 1000 && held().length > 0; round++) {
    const asked = held()[0]!;
    asked.open = false;
    asked.lease?.release(ANSWERED);
  }
  clock.advance(10_000);
  for (const asked of held()) asked.lease?.release(ANSWERED);
  for (const asked of all) expect(asked.settled).toBe(asked.cancelled ? 0 : 1);
  expect(pool.read('p.in_flight')).toBe(0);
  expect(pool.read('m.queued')).toBe(0);
  expect(clock.pending).toBe(0);
  for (const replica of pool.replicas()) expect(replica.inFlightTokens).toBe(0);
}

function conserved(all: Asked[], { pool, clock }: ReturnType<typeof bench>): void {
  const waiting = all.filter(asked => asked.settled === 0 && !asked.cancelled);
  for (const asked of all) expect(asked.settled).toBeLessThanOrEqual(asked.cancelled ? 0 : 1);
  for (const replica of pool.replicas()) {
    const open = all.filter(asked => asked.open && asked.lease?.placement.replica === replica.id);
    expect(replica.inFlight).toBe(open.length);
    expect(replica.inFlight).toBeLessThanOrEqual(replica.limit);
    expect(replica.inFlightTokens).toBe(open.length * 150);
  }
  expect(pool.read('m.queued')).toBe(waiting.length);
  expect(pool.read('p.queued')).toBe(waiting.length);
  expect(waiting.length).toBeLessThanOrEqual(4);
  // One timer for each, and at most one for what time alone gives back.
  expect([0, waiting.length > 0 ? 1 : 0]).toContain(clock.pending - waiting.length);
}

describe('whatever happens', () => {
  test('every request is settled exactly once or cancelled, limits hold, and nothing is left behind', () => {
    fc.assert(
      fc.property(fc.array(rough, { maxLength: 80 }), steps => play(steps, conserved)),
      { numRuns: 150 },
    );
  });

  test('among equals places are given in the order of asking, and nobody waits while there is room', () => {
    fc.assert(
      fc.property(fc.array(calm, { maxLength: 80 }), steps =>
        play(steps, (all, world, grants) => {
          conserved(all, world);
          expect(grants).toEqual([...grants].sort((a, b) => a - b));
          const waiting = all.some(asked => asked.settled === 0 && !asked.cancelled);
          if (waiting) expect(world.pool.replicas().every(({ inFlight, limit }) => inFlight === limit)).toBe(true);
        }),
      ),
      { numRuns: 150 },
    );
  });
});

describe('sharing out', () => {
  const flow = (tenant: string, more: Partial<FlowFacts> = {}): FlowFacts => ({
    tenant,
    priority: 'normal',
    dueAt: Number.POSITIVE_INFINITY,
    bytes: 100,
    ...more,
  });
  const one = (queue: object) => bench(plain(1, { concurrency: 1, queue }));

  test('a tenant that floods the queue is no obstacle to another', () => {
    const { pool, clock } = one({ length: 5, timeout: '10s' });
    let held = ask(pool).lease;
    const flood = Array.from({ length: 9 }, () => ask(pool, { flow: flow('flood') }));
    expect(flood.filter(({ results }) => results.length > 0)).toHaveLength(4);
    const mine = ask(pool, { flow: flow('me') });
    // The last of the flood made room.
    expect(flood[4]!.error.code).toBe('pool.saturated');
    expect(pool.snapshot().pools[0]).toMatchObject({ queued: 5, counts: { evicted: 1, saturated: 4 } });
    clock.advance(100);
    held.release(ANSWERED);
    held = flood[0]!.lease;
    clock.advance(100);
    held.release(ANSWERED);
    expect([mine, flood[1]!].map(({ results }) => results.length).sort()).toEqual([0, 1]);
  });

  test('who is due first goes first, among the requests of one tenant', () => {
    const { pool } = one({});
    const held = ask(pool).lease;
    const late = ask(pool, { flow: flow('a', { dueAt: 500 }) });
    const soon = ask(pool, { flow: flow('a', { dueAt: 100 }) });
    held.release(ANSWERED);
    expect([late.results.length, soon.results.length]).toEqual([0, 1]);
  });

  test('the queue is bounded in tokens and in bytes', () => {
    const { pool } = one({ tokens: 400, bytes: '250B' });
    ask(pool);
    expect(ask(pool, { promptTokens: 500, flow: flow('a') }).error.code).toBe('pool.saturated');
    const waiting = [0, 1].map(() => ask(pool, { flow: flow('a') }));
    expect(waiting.every(({ results }) => results.length === 0)).toBe(true);
    expect(ask(pool, { flow: flow('a', { bytes: 1 }) }).error.code).toBe('pool.saturated');
    waiting[0]!.cancel();
    expect(ask(pool, { flow: flow('a', { bytes: 151 }) }).error.code).toBe('pool.saturated');
    expect(ask(pool, { flow: flow('a', { bytes: 150 }) }).results).toEqual([]);
  });

  test('nobody has to go for one for whom there would be no room all the same', () => {
    const { pool } = one({ tokens: 1000 });
    ask(pool);
    const sized = (tenant: string, tokens: number) =>
      ask(pool, { promptTokens: tokens - 50, outputTokens: 50, flow: flow(tenant) });
    const waiting = [...Array.from({ length: 6 }, () => sized('a', 100)), sized('b', 400)];
    expect(sized('c', 450).error.code).toBe('pool.saturated');
    expect(waiting.map(({ results }) => results.length)).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(sized('c', 150).results).toEqual([]);
    expect(waiting.map(({ results }) => results.length)).toEqual([0, 0, 0, 0, 1, 1, 0]);
  });

  test('low priority is shed as places run out, and nothing else is', () => {
    const { pool } = bench(plain(2, { concurrency: 50, queue: { shed: { from: 0.5, full: 1 } } }));
    const taken = Array.from({ length: 75 }, () => ask(pool, { flow: flow('a', { priority: 'high' }) }));
    expect(taken.every(({ results }) => 'placement' in results[0]!)).toBe(true);
    // At three quarters one in two is.
    let shed = 0;
    for (let i = 0; i < 400; i++) {
      const tried = ask(pool, { flow: flow('b', { priority: 'low' }) });
      if (isWeirError(tried.results[0])) {
        shed++;
        expect(tried.error).toMatchObject({ code: 'pool.saturated', hint: expect.stringContaining('priority') });
      } else tried.lease.release(ANSWERED);
    }
    expect(shed).toBeGreaterThan(150);
    expect(shed).toBeLessThan(250);
    expect(pool.snapshot().pools[0]!.counts.shed).toBe(shed);
    expect('placement' in ask(pool, { flow: flow('b') }).results[0]!).toBe(true);
  });

  test('the wait that is told is that of the tenant, not of the queue', () => {
    const { pool, clock } = one({ length: 10, timeout: '4s' });
    const first = ask(pool).lease;
    clock.advance(1000);
    first.release(ANSWERED);
    ask(pool);
    for (let i = 0; i < 3; i++) ask(pool, { flow: flow('flood') });
    expect(ask(pool, { flow: flow('flood') }).results).toEqual([]);
    // Five seconds for one more of the flood are too long; another tenant is second in line.
    expect(ask(pool, { flow: flow('flood') }).error.retryAfterMs).toBe(5000);
    expect(ask(pool, { flow: flow('me') }).results).toEqual([]);
  });
});
