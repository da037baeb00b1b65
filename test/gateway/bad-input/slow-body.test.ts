import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { isWeirError } from '#contract/errors.js';
import { readBody } from '#gateway/http/body.js';
import { Watchdog } from '#gateway/upstream/watchdog.js';
import { VirtualClock } from '../../support/virtual-clock.js';

function reading(destroyed = false) {
  const clock = new VirtualClock();
  const request = Object.assign(new EventEmitter(), { destroyed });
  const results: unknown[] = [];
  const limits = { bytes: 1_000_000, timeoutMs: 30_000 };
  const time = { clock, watchdog: new Watchdog(clock) };
  readBody(request as unknown as IncomingMessage, limits, time, result =>
    results.push(isWeirError(result) ? result.code : result.toString()),
  );
  return { clock, request, results };
}

test('a body that comes a byte a second is given up soon after its time, not kept for ever', () => {
  const { clock, request, results } = reading();
  let seconds = 0;
  for (; results.length === 0 && seconds < 100; seconds++) {
    request.emit('data', Buffer.from('x'));
    clock.advance(1000);
  }
  expect([results, seconds]).toEqual([['request.timeout'], 31]);
  request.emit('data', Buffer.from('x'));
  request.emit('end');
  expect(results).toHaveLength(1);
  expect(clock.pending).toBe(0);
});

test('a large body on a slow line has the time that its length allows', () => {
  const { clock, request, results } = reading();
  for (let second = 0; second < 200; second++) {
    request.emit('data', Buffer.alloc(2048, 120));
    clock.advance(1000);
  }
  request.emit('end');
  expect(results).toEqual(['x'.repeat(2048 * 200)]);
});

test('a client that had left before its body was asked for is not waited for', () => {
  const { clock, results } = reading(true);
  expect(results).toEqual(['client.gone']);
  clock.advance(60_000);
  expect([results.length, clock.pending]).toEqual([1, 0]);
});
