import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { createPlacer } from '#pool/placement/create-placer.js';
import { AdapterSlots } from '#pool/topology/adapter-slots.js';
import { ANSWERED, ask, bench } from '../support.js';

const MODELS = ['law', 'med', 'code', 'art'];

describe('adapter slots', () => {
  test('hold the adapters last used, no more than there are slots; a loaded one was answered with', () => {
    const steps = fc.array(fc.record({ adapter: fc.constantFrom(...MODELS, 'base'), answer: fc.boolean() }));
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 4 }), (list, count) => {
        const slots = new AdapterSlots({ models: MODELS, slots: count });
        let recent: string[] = [];
        const answered = new Set<string>();
        for (const { adapter, answer } of list) {
          slots.sent(adapter);
          if (adapter !== 'base') recent = [adapter, ...recent.filter(other => other !== adapter)].slice(0, count);
          for (const other of answered) if (!recent.includes(other)) answered.delete(other);
          if (answer) slots.answering(adapter);
          if (answer && adapter !== 'base') answered.add(adapter);
        }
        for (const model of MODELS) {
          const absent = recent.length < count ? 'room' : 'full';
          expect(slots.state(model)).toBe(
            recent.includes(model) ? (answered.has(model) ? 'loaded' : 'loading') : absent,
          );
        }
        expect(slots.state('base')).toBeUndefined();
        slots.forget();
        expect(slots.state('law')).toBe('room');
      }),
    );
  });
});

describe('a pool with adapters', () => {
  const config = {
    models: { base: {}, law: {}, med: {} },
    pools: {
      p: {
        model: 'base',
        served_as: 'org/base',
        adapters: { models: ['law', 'med'], slots: 1 },
        placement: { scorers: { lora: 2, queue: 1 } },
        replicas: [
          { url: 'http://10.0.0.1:1', id: 'a' },
          { url: 'http://10.0.0.1:2', id: 'b' },
        ],
      },
    },
  };
  const live = () => bench(config, { placer: (placement, random) => createPlacer(placement, { random }) }).pool;

  test('serves them under their own names, and its model under the name of the engine', () => {
    const pool = live();
    expect(ask(pool, { model: 'law' }).lease.target.servedModel).toBe('law');
    expect(ask(pool, { model: 'base' }).lease.target.servedModel).toBe('org/base');
    expect(pool.quote('med', { ...profileOf(), session: '' }).feasible).toBe(true);
    expect(pool.read('law.available')).toBe(2);
  });

  test('an adapter returns to where it is loaded', () => {
    const pool = live();
    const homes = new Map<string, string>();
    for (let i = 0; i < 20; i++) {
      for (const model of ['law', 'med']) {
        const { lease } = ask(pool, { model });
        lease.sent();
        lease.firstByte();
        lease.release(ANSWERED);
        expect(lease.target.id).toBe(homes.get(model) ?? lease.target.id);
        homes.set(model, lease.target.id);
      }
    }
    expect(new Set(homes.values()).size).toBe(2);
  });
});

test('what one adapter has cached is nothing to another', () => {
  const placer = createPlacer('prefix', { random: seededRandom(1) });
  const adapters = new AdapterSlots({ models: ['law', 'med'], slots: 2 });
  const replica = { ...viewOf(), adapters };
  const asked = (model: string) => ({ ...requestOf(), model });
  const expected = (model: string) => placer.choose(asked(model), [replica])!.expectedPrefixTokens;
  expect(expected('law')).toBe(0);
  placer.committed(asked('law'), 'r');
  expect([expected('law'), expected('med'), expected('base')]).toEqual([48, 0, 0]);
  placer.committed(asked('base'), 'r');
  expect([expected('law'), expected('med'), expected('base')]).toEqual([48, 0, 48]);
});

test('with context_fit the windows of a model are one tier, and only those that fit are asked', () => {
  const pools = (placement: unknown) => ({
    models: { m: {} },
    pools: {
      short: { model: 'm', context: 1000, placement, replicas: ['http://10.0.0.1:1'] },
      long: { model: 'm', context: 8000, placement, replicas: ['http://10.0.0.1:2'] },
    },
  });
  const placer = (placement: Parameters<typeof createPlacer>[0], random: ReturnType<typeof seededRandom>) =>
    createPlacer(placement, { random });
  const { pool } = bench(pools({ scorers: { context_fit: 1, queue: 3 } }), { placer });
  const place = () => ask(pool, { promptTokens: 400, outputTokens: 100 }).lease.placement.pool;
  // The queue weighs more than the fit: the second goes to the long window, where a strict order would fill the short one first.
  expect([place(), place()]).toEqual(['short', 'long']);
  expect(ask(pool, { promptTokens: 4000, outputTokens: 100 }).lease.placement.pool).toBe('long');
  expect(ask(pool, { promptTokens: 9000, outputTokens: 100 }).error.code).toBe('request.context_too_long');
});

function profileOf() {
  return {
    archetype: 'chat',
    turn: 1,
    warmth: 'cold',
    heaviness: 'balanced',
    modality: 'text',
    session: '',
    application: '',
    promptTokens: () => 100,
    outputTokens: { p50: 50, p75: 50 },
    prefix: () => ({ hashes: [], blockTokens: 16 }),
  } as const;
}

function requestOf() {
  return {
    model: 'base',
    promptTokens: 48,
    outputTokens: 10,
    prefix: { hashes: [5, 6, 7], blockTokens: 16 },
    session: '',
    constraints: {},
    exclude: [],
  };
}

function viewOf() {
  return {
    id: 'r',
    pool: 'p',
    unavailable: undefined,
    inFlight: 0,
    waiting: 0,
    limit: 8,
    inFlightTokens: 0,
    pendingPrefillTokens: 0,
    contextTokens: 1000,
    cacheBlocks: 64,
  };
}
