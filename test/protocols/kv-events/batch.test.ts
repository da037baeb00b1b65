import { decode, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KvEvent } from '#contract/kv-events.js';
import { readBatch, writeBatch } from '#protocols/kv-events/batch.js';
import { endBytes, readSequence, sequenceBytes } from '#protocols/kv-events/sequence-number.js';

const wire = (value: unknown) => readBatch(decode(encode(value, { useBigInt64: true }), { useBigInt64: true }));
const hash = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const tier = fc.constantFrom('device' as const, 'host' as const, 'disk' as const);
const event: fc.Arbitrary<KvEvent> = fc.oneof(
  fc.constant({ kind: 'cleared' as const }),
  fc.record({ kind: fc.constant('removed' as const), blocks: fc.array(hash), tier }),
  fc
    .record({
      ...{
        kind: fc.constant('stored' as const),
        blocks: fc.array(hash, { maxLength: 12 }),
        parent: fc.option(hash, { nil: undefined }),
      },
      ...{ blockTokens: fc.nat({ max: 8 }), tier, moves: fc.boolean() },
      salts: fc.constant([] as readonly string[]),
    })
    .chain(({ moves, ...rest }) => {
      // Without tokens where blocks come to lie elsewhere as well.
      const [least, most] = moves ? [0, 0] : [rest.blocks.length * rest.blockTokens, 200];
      const tokens = fc.array(fc.nat({ max: 200_000 }), { minLength: least, maxLength: most });
      return tokens.map(given => ({ ...rest, tokens: given }));
    }),
);

describe('batches of KV events', () => {
  test('are read as they were written', () => {
    fc.assert(
      fc.property(fc.array(event), events => {
        // As engines write them: numbers beyond 32 bits as 64-bit integers.
        const read = readBatch(decode(encode(writeBatch(1.5, events)), { useBigInt64: true }));
        expect(read).toEqual({ at: 1.5, events, passedOver: 0, unread: 0 });
      }),
    );
  });

  test('arrays of older releases and maps of newer ones say the same', () => {
    const name = 0xfedcba9876543210n;
    const stored = {
      ...{ kind: 'stored', blocks: [Number(BigInt.asUintN(53, name))], parent: 7, tokens: [1, 2], blockTokens: 2 },
      tier: 'device',
    };
    const plain = { ...stored, salts: [] };
    expect(wire([1, [['BlockStored', [name], 7, [1, 2], 2, null]], 0])?.events).toEqual([plain]);
    expect(wire([1, [['BlockStored', [name], 7, [1, 2], 2, null, 'GPU', null, [null], 0]]])?.events).toEqual([plain]);
    const map = { type: 'BlockStored', block_hashes: [name], parent_block_hash: 7, token_ids: [1, 2], block_size: 2 };
    expect(wire({ ts: 1, events: [{ ...map, lora_id: null, medium: 'GPU', lora_name: null }] })?.events).toEqual([
      plain,
    ]);
    expect(wire([1, [['AllBlocksCleared'], ['BlockRemoved', [5], 'CPU']]])?.events).toEqual([
      { kind: 'cleared' },
      { kind: 'removed', blocks: [5], tier: 'host' },
    ]);
  });

  test('what tells blocks of the same tokens apart is kept, an adapter by its name alone', () => {
    const salts = (lora: string | null, extra: unknown) => {
      const [one] = wire([1, [['BlockStored', [1, 2], null, [1, 2], 1, null, 'GPU', lora, extra]]])?.events ?? [];
      return one?.kind === 'stored' ? one.salts : undefined;
    };
    expect(salts(null, [null, null])).toEqual([]);
    expect(salts('sql', [['sql'], ['sql']])).toEqual(['sql', 'sql']);
    const [salted, after] = salts(null, [['secret'], null]) ?? [];
    expect(salted).toContain('secret');
    expect(after).toBe('');
  });

  test('hashes may be the bytes of a digest; blocks of further groups of layers are passed over', () => {
    const digest = new Uint8Array(32).fill(255);
    expect(wire([1, [['BlockRemoved', [digest], null]]])?.events).toEqual([
      { kind: 'removed', blocks: [Number.MAX_SAFE_INTEGER], tier: 'device' },
    ]);
    expect(wire([1, [['BlockRemoved', [1], 'GPU', 1]]])).toEqual({ at: 1, events: [], passedOver: 1, unread: 0 });
  });

  test('nothing makes reading throw', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withNullPrototype: true }), value => {
        readBatch(value);
        readBatch([0, [value]]);
        readBatch([0, [['BlockStored', value, value, value, value]]]);
      }),
    );
    expect(readBatch('text')).toBeUndefined();
  });

  const name = 0xfedcba9876543210n;
  const unread = (of: string) => ({ at: 1, events: [{ kind: 'unread', of }], passedOver: 0, unread: 1 });

  test.each([
    ['no names', ['BlockStored', 'x']],
    ['a name that is none', ['BlockStored', [name, 'x'], null, [1, 2], 1]],
    ['tokens that are none', ['BlockStored', [name], null, [1, -2], 2]],
    ['tokens that are text', ['BlockStored', [name], null, 'ab', 2]],
    ['fewer tokens than its blocks have', ['BlockStored', [name, 1], null, [1, 2, 3], 2]],
    ['no size', ['BlockStored', [name], null, [1, 2]]],
    ['a size below none', ['BlockStored', [name], null, [1, 2], -2]],
    ['a parent that is no name', ['BlockStored', [name], 'x', [1, 2], 2]],
    ['no names, as a map', { type: 'BlockStored', token_ids: [1], block_size: 1 }],
  ])('a stored block with %s is told of as unread, in its place', (_, event) => {
    expect(wire([1, [event]])).toEqual(unread('stored'));
    const around = wire([1, [['AllBlocksCleared'], event, ['BlockRemoved', [1]]]])?.events;
    expect(around?.map(({ kind }) => kind)).toEqual(['cleared', 'unread', 'removed']);
  });

  test.each([
    ['a removal without names', ['BlockRemoved']],
    ['a removal of what is no name', ['BlockRemoved', ['x']]],
    ['a removal without names, as a map', { type: 'BlockRemoved', medium: 'GPU' }],
    ['an event that is none', 7],
    ['nothing', null],
    ['an event without a type', [[1, 2]]],
    ['a map without a type', { block_hashes: [1] }],
  ])('%s may have been the end of any block', (_, event) => {
    expect(wire([1, [event]])).toEqual(unread('removed'));
  });

  test('types that are not known, and fields beyond the known ones, are harmless', () => {
    const read = wire([
      1,
      [['SomethingNew', 'x'], { type: 'Other' }, ['BlockRemoved', [5], 'GPU', 0, 'new', { a: 1 }]],
    ]);
    expect(read).toEqual({
      ...{ at: 1, passedOver: 2, unread: 0 },
      events: [{ kind: 'removed', blocks: [5], tier: 'device' }],
    });
  });

  test('sequence numbers are eight bytes, and -1 is the end', () => {
    fc.assert(
      fc.property(hash, number => {
        expect(readSequence(sequenceBytes(number))).toBe(number);
      }),
    );
    expect(sequenceBytes(258)).toEqual(Buffer.from([0, 0, 0, 0, 0, 0, 1, 2]));
    expect(readSequence(endBytes())).toBe('end');
    expect(endBytes()).toEqual(Buffer.alloc(8, 255));
    expect(readSequence(Buffer.alloc(7))).toBeUndefined();
  });
});
