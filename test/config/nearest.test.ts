import { expect, test } from 'vitest';
import { nearest, suggestion } from '#config/nearest.js';

const KNOWN = ['port', 'host', 'insecure', 'keep_for', 'multi_factor'];

test.each([
  ['prot', 'port'],
  ['Host', 'host'],
  ['insecur', 'insecure'],
  ['keep-for', 'keep_for'],
  ['multifactor', 'multi_factor'],
  ['banana', undefined],
  ['x', undefined],
  ['', undefined],
  ['x'.repeat(10_000), undefined],
])('%s is nearest to %s', (written, expected) => {
  expect(nearest(written, KNOWN)).toBe(expected);
});

test('where nothing is near, a few names to choose from are told', () => {
  expect(suggestion('banana', ['a1', 'b2'])).toBe('one of a1, b2');
  expect(suggestion('banana', ['a1'])).toBe('there is only a1');
  expect(suggestion('banana', [])).toBeUndefined();
  expect(
    suggestion(
      'banana',
      Array.from({ length: 50 }, (_, index) => `${index}`),
    ),
  ).toMatch(/^one of 0, 1, .*11, …$/);
});
