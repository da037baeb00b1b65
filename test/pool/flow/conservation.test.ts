import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isWeirError } from '#contract/errors.js';
import type { PlacementRequest } from '#contract/placement.js';
import type { Lease, LeaseResult } from '#pool/lease.js';
import { ANSWERED, bench, CANCELLED, FAULT, parsed, REFUSED, request } from '../support.js';

/** What a file may say, one after the other: replicas and pools that come and go, of other sizes. */
const FILES = [
  { p: 'ab', q: 'a', places: 2 },
  { p: 'b', q: 'a', places: 2 },
  { p: 'abc', q: 'ab', places: 1 },
  { p: 'ab', q: '', places: 3 },
  { p: '', q: 'ab', places: 2 },
] as const;

const SHARE = 0.6;
const CIRCUIT = { failures: 2, open_for: '400ms', least_requests: 3 };

function fileOf({ p, q, places }: (typeof FILES)[number], other: boolean) {
  const pool = (ids: string, host: string, more: object) => ({
    model: 'm',
    concurrency: places,
    circuit: CIRCUIT,
    ejection: { least_requests: 3, for: '700ms', at_most: '2s' },
    queue: { length: 3, timeout: '3s', tenant_share: SHARE },
    replicas: [...ids].map((id, i) => ({ id, url: `http://${host}:${other && id === 'a' ? 9 : 8000 + i}` })),
    ...more,
  });
  const pools = {
    ...(p === '' ? undefined : { p: pool(p, '10.0.0.1', { context: 8192 }) }),
    ...(q === ''
      ? undefined
      : { q: pool(q, '10.0.0.2', { queue: { length: 1, timeout: '30s', tenant_share: SHARE } }) }),
  };
  return { models: { m: { context: 16_384 } }, pools };
}

type Step =
  | {
      readonly kind: 'ask';
      readonly tenant: 't' | 'u';
      readonly exclude: readonly string[];
      readonly pools: readonly string[] | null;
      readonly long: boolean;
    }
  | { readonly kind: 'first'; readonly which: number }
  | { readonly kind: 'release'; readonly which: number; readonly result: LeaseResult }
  | { readonly kind: 'cancel'; readonly which: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'probe'; readonly replica: string; readonly ok: boolean }
  | { readonly kind: 'drain'; readonly replica: string; readonly out: boolean }
  | { readonly kind: 'hear'; readonly replica: string; readonly open: boolean }
  | { readonly kind: 'reload'; readonly file: number; readonly other: boolean };

const replica = fc.constantFrom('p/a', 'p/b', 'p/c', 'q/a', 'q/b');
const which = fc.nat({ max: 9 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      tenant: fc.constantFrom('t' as const, 'u' as const),
      exclude: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, fc.tuple(replica)),
      pools: fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, fc.constantFrom(['p'], ['q'])),
      long: fc.boolean(),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('first' as const), which: fc.nat({ max: 3 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('release' as const),
      which,
      result: fc.constantFrom<LeaseResult>(ANSWERED, ANSWERED, REFUSED, CANCELLED, FAULT, FAULT),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), which }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(50, 300, 700, 1500, 11_000) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('probe' as const), replica, ok: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drain' as const), replica, out: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('hear' as const), replica, open: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('reload' as const),
      file: fc.nat({ max: FILES.length - 1 }),
      other: fc.boolean(),
    }),
  },
);

interface Asked {
  readonly request: PlacementRequest;
  settled: number;
  cancelled: boolean;
  lease: Lease | undefined;
  open: boolean;
  cancel: () => void;
}

class World {
  readonly all: Asked[] = [];
  readonly bench = bench(fileOf(FILES[0], false));
  /** When each tenant last asked a pool, since the pool came into the configuration. */
  private readonly asks = new Map<string, Map<string, number>>([
    ['p', new Map()],
    ['q', new Map()],
  ]);

  get open() {
    return this.all.filter(asked => asked.open);
  }

  get waiting() {
    return this.all.filter(asked => asked.settled === 0 && !asked.cancelled);
  }

  act(step: Step): void {
    const { pool, clock } = this.bench;
    switch (step.kind) {
      case 'ask': {
        const { tenant, exclude, pools, long } = step;
        this.ask(
          request({
            promptTokens: long ? 9000 : 100,
            exclude,
            constraints: pools === null ? {} : { pools },
            flow: { tenant, priority: 'normal', dueAt: Number.POSITIVE_INFINITY, bytes: 1 },
          }),
        );
        break;
      }
      case 'first':
        this.open.at(-1 - step.which)?.lease?.firstByte();
        break;
      case 'release':
        this.end(this.open[step.which], step.result);
        break;
      case 'cancel': {
        const asked = this.waiting[step.which];
        if (asked === undefined) break;
        asked.cancelled = true;
        asked.cancel();
        break;
      }
      case 'wait':
        clock.advance(step.ms);
        break;
      case 'probe':
        pool.probed(step.replica, step.ok, 1);
        break;
      case 'drain':
        pool.drain(step.replica, step.out);
        break;
      case 'hear': {
        const news = { replica: step.replica, open: step.open };
        const load = { inFlight: 1, waiting: 0, inFlightTokens: 10, pendingPrefillTokens: 0 };
        pool.hear('other', { replicas: [{ ...news, ...load }], prompts: [], forgotten: [] });
        break;
      }
      case 'reload': {
        const file = FILES[step.file]!;
        pool.reconfigure(parsed(fileOf(file, step.other)));
        for (const name of ['p', 'q'] as const) {
          if (file[name] === '') this.asks.delete(name);
          else if (!this.asks.has(name)) this.asks.set(name, new Map());
        }
      }
    }
  }

  ask(asks: PlacementRequest): Asked {
    const { pool, clock } = this.bench;
    const asked: Asked = {
      request: asks,
      settled: 0,
      cancelled: false,
      lease: undefined,
      open: false,
      cancel: () => {},
    };
    this.all.push(asked);
    for (const tenants of this.asks.values()) tenants.set(asks.flow!.tenant, clock.now());
    asked.cancel = pool.acquire(asks, result => {
      asked.settled += 1;
      if (isWeirError(result)) return;
      asked.lease = result;
      asked.open = true;
    });
    return asked;
  }

  end(asked: Asked | undefined, result: LeaseResult): void {
    if (asked === undefined) return;
    asked.open = false;
    asked.lease?.release(result);
    asked.lease?.release(FAULT);
  }

  /** What must hold at any moment. */
  check(): void {
    const { pool, clock } = this.bench;
    const { open, waiting } = this;
    for (const asked of this.all) expect(asked.settled).toBeLessThanOrEqual(asked.cancelled ? 0 : 1);
    const statuses = pool.replicas();
    expect(statuses.reduce((sum, { inFlight }) => sum + inFlight, 0)).toBe(open.length);
    for (const { id, inFlight, limit, unavailable, url } of statuses) {
      const on = open.filter(({ lease }) => lease!.target.id === id && lease!.target.url === url);
      expect(on.length, id).toBe(inFlight);
      if (unavailable === undefined && limit === 3) expect(inFlight).toBeLessThanOrEqual(limit);
    }
    expect(new Set(statuses.map(({ id, url }) => `${id} ${url}`)).size).toBe(statuses.length);
    expect(pool.read('m.queued') ?? 0).toBe(waiting.length);
    expect([0, waiting.length > 0 ? 1 : 0]).toContain(clock.pending - waiting.length);
    for (const asked of waiting) {
      expect(this.freeFor(asked), 'waits beside a free place').toEqual([]);
      expect(this.hopesOf(asked), 'waits for what is all out').not.toEqual([]);
    }
  }

  /** Replicas that have a place which a request may take. */
  private freeFor(asked: Asked): readonly string[] {
    const free = this.usableFor(asked).filter(
      ({ pool: name, unavailable, inFlight, limit }) =>
        unavailable === undefined && inFlight < limit && !this.mustWait(asked.request.flow!.tenant, name),
    );
    return free.map(({ id }) => id);
  }

  /** Replicas that take requests, or are being tried, and are no use to it only because others have their places. */
  private hopesOf(asked: Asked): readonly string[] {
    const hopes = this.usableFor(asked).filter(
      ({ unavailable, circuit }) =>
        unavailable === undefined || (unavailable === 'circuit open' && circuit === 'half-open'),
    );
    return hopes.map(({ id }) => id);
  }

  private usableFor({ request: { promptTokens, outputTokens, exclude, constraints } }: Asked) {
    return this.bench.pool
      .replicas()
      .filter(
        ({ id, pool: name }) =>
          promptTokens + outputTokens <= (name === 'q' ? 16_384 : 8192) &&
          !exclude.includes(id) &&
          constraints.pools?.includes(name) !== false,
      );
  }

  private mustWait(tenant: string, name: string): boolean {
    const { pool, clock } = this.bench;
    const other = tenant === 't' ? 'u' : 't';
    const about = this.open.some(
      ({ request: { flow }, lease }) => flow!.tenant === other && lease!.placement.pool === name,
    );
    const asked = this.asks.get(name)?.get(other) ?? Number.NEGATIVE_INFINITY;
    if (!about && clock.now() - asked > 10_000) return false;
    const there = pool.replicas().filter(replica => replica.pool === name && replica.unavailable === undefined);
    const limit = there.reduce((sum, replica) => sum + replica.limit, 0);
    const own = this.open.filter(
      ({ request: { flow }, lease }) =>
        flow!.tenant === tenant && there.some(({ id, url }) => id === lease!.target.id && url === lease!.target.url),
    ).length;
    return own >= Math.max(1, Math.floor(SHARE * limit));
  }

  /** Everything ends, and all that was held is free for anybody. */
  finish(): void {
    const { pool, clock } = this.bench;
    for (let round = 0; round < 1000 && this.open.length > 0; round++) {
      this.end(this.open[0], ANSWERED);
      this.check();
    }
    clock.advance(40_000);
    while (this.open.length > 0) this.end(this.open[0], ANSWERED);
    for (const asked of this.all) expect(asked.settled).toBe(asked.cancelled ? 0 : 1);
    expect(clock.pending).toBe(0);
    pool.reconfigure(parsed(fileOf(FILES[2], false)));
    clock.advance(40_000);
    for (const { id } of pool.replicas()) {
      pool.drain(id, false);
      pool.probed(id, true, 1);
    }
    for (const { inFlight, inFlightTokens, waiting } of pool.replicas()) {
      expect([inFlight, inFlightTokens, waiting]).toEqual([0, 0, 0]);
    }
    for (const { id } of pool.replicas()) {
      const exclude = pool
        .replicas()
        .map(replica => replica.id)
        .filter(other => other !== id);
      this.end(this.ask(request({ exclude, flow: flowOf('u') })), ANSWERED);
    }
    clock.advance(40_000);
    const limit = pool.replicas().reduce((sum, replica) => sum + replica.limit, 0);
    const took = pool.replicas().map(({ id }) => {
      const exclude = pool
        .replicas()
        .map(replica => replica.id)
        .filter(other => other !== id);
      return this.ask(request({ exclude, flow: flowOf('t') })).open;
    });
    expect(took).toEqual(Array(limit).fill(true));
  }
}

function flowOf(tenant: string) {
  return { tenant, priority: 'normal', dueAt: Number.POSITIVE_INFINITY, bytes: 1 } as const;
}

test('whatever comes, goes, fails and is changed: what is held is what runs, nobody waits beside a free place, and all is given back', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), steps => {
      const world = new World();
      for (const one of steps) {
        world.act(one);
        world.check();
      }
      world.finish();
    }),
    { numRuns: 150 },
  );
});
