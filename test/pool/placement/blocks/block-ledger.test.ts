import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KvEvent } from '#contract/kv-events.js';
import { seededRandom } from '#contract/random.js';
import { BlockLedger } from '#pool/placement/blocks/block-ledger.js';
import { createPlacer } from '#pool/placement/create-placer.js';
import { placementRequest, replicaView } from '../../../contracts/placer.js';

const SIZE = 4;
const stored = (
  blocks: readonly number[],
  tokens: readonly number[],
  parent?: number,
  salts: string[] = [],
): KvEvent => ({
  ...{ kind: 'stored', blocks, parent, tokens, blockTokens: SIZE, salts, tier: 'device' },
});
const prompt = (...blocks: readonly number[]) => blocks.flatMap(block => [block, block, block, block]);

function following(...names: readonly string[]): BlockLedger {
  const ledger = new BlockLedger();
  for (const name of names) {
    ledger.linked(name, true);
    ledger.began(name, 'exact');
  }
  return ledger;
}

/** An engine's cache of few blocks: hashed as it likes, anything may go at any time. */
class Cache {
  private readonly held = new Map<string, number>();
  private names = 0;

  constructor(private readonly first: number) {}

  compute(tokens: readonly number[]): KvEvent[] {
    const events: KvEvent[] = [];
    let parent: number | undefined;
    for (let end = SIZE; end <= tokens.length; end += SIZE) {
      const key = tokens.slice(0, end).join();
      let name = this.held.get(key);
      if (name === undefined) {
        name = this.first + ++this.names;
        this.held.set(key, name);
        events.push(stored([name], tokens.slice(end - SIZE, end), parent));
      }
      parent = name;
    }
    return events;
  }

  drop(at: number): KvEvent[] {
    const entry = [...this.held][at % Math.max(1, this.held.size)];
    if (entry === undefined) return [];
    this.held.delete(entry[0]);
    return [{ kind: 'removed', blocks: [entry[1]], tier: 'device' }];
  }

  found(tokens: readonly number[]): number {
    let end = SIZE;
    while (end < tokens.length && this.held.has(tokens.slice(0, end).join())) end += SIZE;
    return end - SIZE;
  }
}

describe('what engines tell of their caches', () => {
  test('is what they hold, whatever they compute and drop', () => {
    const tokens = fc
      .array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: 5 })
      .map(list => prompt(...list));
    const step = fc.record({
      on: fc.constantFrom('a', 'b'),
      compute: fc.option(tokens, { nil: undefined }),
      drop: fc.nat(9),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), tokens, (steps, asked) => {
        const ledger = following('a', 'b');
        const caches = { a: new Cache(0), b: new Cache(1000) };
        for (const { on, compute, drop } of steps) {
          const cache = caches[on as 'a' | 'b'];
          ledger.told(on, compute === undefined ? cache.drop(drop) : cache.compute(compute));
          for (const name of ['a', 'b'] as const) {
            expect(ledger.held(name, [...asked, 9], '')?.device).toBe(caches[name].found([...asked, 9]));
          }
        }
      }),
    );
  });

  test('a block that cannot be told the tokens of makes it a part only', () => {
    const ledger = following('a');
    ledger.told('a', [stored([1], prompt(1)), stored([3], prompt(3), 2)]);
    expect(ledger.knowledge('a')).toBe('partial');
    expect(ledger.held('a', prompt(1, 2), '')).toEqual({ device: SIZE, host: 0, disk: 0 });
    ledger.told('a', [{ kind: 'cleared' }]);
    expect(ledger.knowledge('a')).toBe('exact');
    expect(ledger.held('a', prompt(1, 2), '')?.device).toBe(0);
  });

  test('a stored block that cannot be read makes it a part only, and nothing that is known is lost', () => {
    const ledger = following('a', 'b');
    ledger.told('a', [stored([1], prompt(1)), { kind: 'unread', of: 'stored' }, stored([2], prompt(2), 1)]);
    ledger.told('b', [stored([1], prompt(1))]);
    expect([ledger.knowledge('a'), ledger.knows('a'), ledger.hears('a')]).toEqual(['partial', false, true]);
    expect(ledger.held('a', prompt(1, 2, 3), '')?.device).toBe(2 * SIZE);
    expect(ledger.knows('b')).toBe(true);
    ledger.told('a', [{ kind: 'cleared' }]);
    expect(ledger.knows('a')).toBe(true);
  });

  test('a removal that cannot be read may have been of any block: none is known of but what comes after', () => {
    const ledger = following('a');
    ledger.told('a', [stored([1], prompt(1)), { kind: 'unread', of: 'removed' }, stored([2], prompt(2))]);
    expect([ledger.knowledge('a'), ledger.hears('a')]).toEqual(['partial', true]);
    expect(ledger.held('a', prompt(1, 9), '')?.device).toBe(0);
    expect(ledger.held('a', prompt(2, 9), '')?.device).toBe(SIZE);
    ledger.forget('a');
    ledger.told('a', [{ kind: 'unread', of: 'removed' }]);
    expect(ledger.knowledge('a')).toBe('none');
  });

  test('blocks move between tiers, and are gone when the last has let them go', () => {
    const ledger = following('a');
    const copy: KvEvent = { ...{ kind: 'stored', blocks: [1], tokens: [], blockTokens: 0, salts: [], tier: 'host' } };
    ledger.told('a', [stored([1], prompt(1)), copy]);
    const held = () => ledger.held('a', prompt(1, 1), '');
    expect(held()).toEqual({ device: SIZE, host: 0, disk: 0 });
    ledger.told('a', [{ kind: 'removed', blocks: [1], tier: 'device' }]);
    expect(held()).toEqual({ device: 0, host: SIZE, disk: 0 });
    ledger.told('a', [{ kind: 'removed', blocks: [1], tier: 'host' }]);
    expect(held()).toEqual({ device: 0, host: 0, disk: 0 });
    expect(ledger.sizeOf('a')).toBe(0);
  });

  test('an adapter, or a salt, has blocks of its own', () => {
    const ledger = following('a');
    ledger.told('a', [stored([1], prompt(1), undefined, ['sql'])]);
    expect(ledger.held('a', prompt(1, 1), '')?.device).toBe(0);
    expect(ledger.held('a', prompt(1, 1), 'sql')?.device).toBe(SIZE);
  });

  test('a name that is given to another block no longer stands for the one before', () => {
    const ledger = following('a');
    ledger.told('a', [stored([1], prompt(1)), stored([1], prompt(2))]);
    expect(ledger.held('a', prompt(1, 1), '')?.device).toBe(0);
    expect(ledger.held('a', prompt(2, 1), '')?.device).toBe(SIZE);
    expect(ledger.sizeOf('a')).toBe(1);
  });

  test('the bound holds: what is beyond it is not known', () => {
    const ledger = new BlockLedger(8);
    ledger.linked('a', true);
    ledger.began('a', 'exact');
    for (let i = 0; i < 20; i++) ledger.told('a', [stored([i], prompt(i))]);
    expect(ledger.sizeOf('a')).toBe(8);
    expect(ledger.knowledge('a')).toBe('partial');
  });

  test('what is on its way counts where it went, until it has ended', () => {
    const ledger = following('a');
    ledger.told('a', [stored([9], prompt(9))]);
    const ended = ledger.sent('a', prompt(1, 1), '');
    expect(ledger.held('a', prompt(1, 2), '')?.device).toBe(SIZE);
    ended?.();
    expect(ledger.held('a', prompt(1, 2), '')?.device).toBe(0);
  });
});

describe('placement by events', () => {
  const request = (hashes: readonly number[], tokens?: readonly number[]) =>
    placementRequest(hashes, { ...(tokens && { tokens }), promptTokens: 32 });
  const replicas = ['a', 'b'].map(id => replicaView(id));
  const placer = () => createPlacer('prefix', { random: seededRandom(1) });
  const TOKENS = prompt(1, 2, 3, 4, 5, 6, 7, 8);

  test('goes by what engines tell, not by what was sent, and says so', () => {
    const one = placer();
    one.committed(request([1, 2]), 'a');
    expect(one.choose(request([1, 2]), replicas)).toMatchObject({ replica: { id: 'a' }, expectedPrefixTokens: 32 });
    for (const name of ['a', 'b']) {
      one.blocks?.linked(name, true);
      one.blocks?.began(name, 'exact');
    }
    one.blocks?.told('b', [stored([1, 2, 3, 4], TOKENS.slice(0, 16))]);
    const choice = one.choose(request([1, 2], TOKENS), replicas);
    expect(choice).toMatchObject({ replica: { id: 'b' }, expectedPrefixTokens: 16, prefixSource: 'events' });
  });

  test('without tokens, without a link or with events missed it goes by the estimate', () => {
    const one = placer();
    one.committed(request([1, 2]), 'a');
    one.blocks?.linked('a', true);
    one.blocks?.began('a', 'exact');
    expect(one.choose(request([1, 2]), replicas)).toMatchObject({ replica: { id: 'a' }, expectedPrefixTokens: 32 });
    expect(one.choose(request([1, 2], TOKENS), replicas)?.expectedPrefixTokens).toBe(0);
    for (const lose of [() => one.blocks?.linked('a', false), () => one.blocks?.began('a', 'partial')]) {
      lose();
      const choice = one.choose(request([1, 2], TOKENS), replicas);
      expect(choice).toMatchObject({ replica: { id: 'a' }, expectedPrefixTokens: 32 });
      expect(choice?.prefixSource).toBeUndefined();
    }
  });

  test('a replica that is forgotten is not known any more', () => {
    const one = placer();
    one.blocks?.linked('a', true);
    one.blocks?.began('a', 'exact');
    one.forget('a');
    expect(one.blocks?.knowledge('a')).toBe('none');
    expect(one.choose(request([1], TOKENS), replicas)?.prefixSource).toBeUndefined();
  });
});
