import fc from 'fast-check';
import { expect, it } from 'vitest';
import { JsonBytes } from '#store/json-bytes.js';

function written(values: readonly number[]): string {
  const json = new JsonBytes(8);
  json.numbers(values);
  return json.bytes.toString('latin1', 0, json.end);
}

it('writes every number of thousandths as JSON.stringify does', () => {
  const all = Array.from({ length: 1001 }, (_, i) => i / 1000);
  expect(written(all)).toBe(JSON.stringify(all));
});

it('writes lists of any numbers so that the same are read', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer())), values => {
      const same = values.map(value => (value === 0 ? 0 : value));
      expect(JSON.parse(written(same))).toEqual(same);
    }),
  );
});
