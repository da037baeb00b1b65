import { expect, it } from 'vitest';
import { duration, percent, probability } from '../../dashboard/format.js';

const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

it.each([
  [1, '100 %'],
  [0.9999, '> 99.9 %'],
  [0.9972, '99.7 %'],
  [0.99, '99 %'],
  [0.5, '50 %'],
  [0.0123, '1.2 %'],
  [0, '0 %'],
])('%d as a percentage', (share, text) => expect(plain(percent(share))).toBe(text));

it.each([
  [1, '100.000 %'],
  [0.9999999, '> 99.999 %'],
  [0.99999, '99.999 %'],
  [0.995, '99.500 %'],
])('%d as a probability', (share, text) => expect(plain(probability(share))).toBe(text));

it('no time at all has no small unit', () => expect(plain(duration(0))).toBe('0 s'));
