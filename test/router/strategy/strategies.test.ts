import { describe, expect, test } from 'vitest';
import { WeirError } from '#contract/errors.js';
import { fallback } from '#router/strategy/fallback.js';
import { STRATEGY_TYPES, strategyType } from '#router/strategy/registry.js';
import { single } from '#router/strategy/single.js';
import { candidates, failed, play, strategyContract } from '../../contracts/strategy.js';

describe('every strategy', () => {
  for (const { build, schema } of STRATEGY_TYPES) strategyContract(build(schema.parse({})));

  test('is found by its name', () => {
    for (const type of STRATEGY_TYPES) {
      expect(strategyType(type.type)).toBe(type);
      expect(type.build(type.schema.parse({})).name).toBe(type.type);
    }
    expect(strategyType('constructor')).toBeUndefined();
  });
});

test('single asks the first eligible model and no other', () => {
  expect(play(single, candidates(false, true, true), [failed('upstream.timeout')])).toMatchObject([
    { kind: 'attempt', candidate: { model: 'm1' } },
    { kind: 'refuse', error: { code: 'upstream.timeout' } },
  ]);
});

describe('fallback', () => {
  test('asks one eligible model after the other, in order', () => {
    const actions = play(fallback, candidates(true, false, true), [failed('upstream.timeout'), { kind: 'answered' }]);
    expect(actions).toMatchObject([
      { kind: 'attempt', candidate: { model: 'm0' } },
      { kind: 'attempt', candidate: { model: 'm2' } },
      { kind: 'answer' },
    ]);
  });

  test('ends with the last error, which tells of those before it', () => {
    const last: WeirError = new WeirError('pool.saturated', 'full', { retryAfterMs: 1500 });
    const actions = play(fallback, candidates(true, true, true), [
      failed('upstream.timeout'),
      failed('upstream.connect'),
      { kind: 'failed', error: last, retryable: true },
    ]);
    const end = actions.at(-1);
    expect(end).toMatchObject({ kind: 'refuse', error: { code: 'pool.saturated', retryAfterMs: 1500, status: 429 } });
    expect(end?.kind === 'refuse' && end.error.message).toBe(
      'full (before it: m0: upstream.timeout, m1: upstream.connect)',
    );
  });

  test('a single failure is passed on as it is', () => {
    const error = new WeirError('upstream.status', 'no', { status: 507 });
    expect(play(fallback, candidates(true), [{ kind: 'failed', error, retryable: true }]).at(-1)).toEqual({
      kind: 'refuse',
      error,
    });
  });

  test('keeps the account of very many failures short', () => {
    const many = candidates(...Array.from({ length: 60 }, () => true));
    const end = play(fallback, many, []).at(-1);
    expect(end?.kind === 'refuse' && end.error.message.length).toBeLessThan(400);
  });
});
