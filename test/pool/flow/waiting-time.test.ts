import { expect, test } from 'vitest';
import { predictedWait, retryAfter } from '#pool/flow/waiting-time.js';

test('the wait is the places in front over the rate at which places come free', () => {
  expect(predictedWait(0, 4, 2000)).toBe(500);
  expect(predictedWait(7, 4, 2000)).toBe(4000);
  expect(predictedWait(3, 4, undefined)).toBeUndefined();
  expect(predictedWait(3, 0, 2000)).toBeUndefined();
});

test('callers are told a time within bounds', () => {
  expect(retryAfter(undefined, 10_000)).toBe(10_000);
  expect(retryAfter(1, 10_000)).toBe(50);
  expect(retryAfter(1e9, 10_000)).toBe(60_000);
  expect(retryAfter(1234.5, 10_000)).toBe(1235);
});
