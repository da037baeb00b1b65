import { describe, expect, test } from 'vitest';
import { Retention } from '#pool/retention/retention.js';
import { retentionSchema } from '#pool/retention/schema.js';
import { request } from '../support.js';

const settings = retentionSchema.parse({ share: 0.5 });
const REPLICA = { id: 'p/a', kvTokens: 10_000 };

/** One that has seen conversations of kind `k` come back after two seconds each. */
function learnt(): Retention {
  const retention = new Retention();
  for (let i = 0; i < 40; i++) {
    retention.answered(request({ session: `${i}`, kind: 'k' }), settings, i * 3000);
    retention.directive(request({ session: `${i}`, kind: 'k' }), { id: 'p/z' }, settings, 0, i * 3000 + 2000);
  }
  return retention;
}

const NOW = 1_000_000;
const turn = (session: string, promptTokens = 1000) => request({ session, kind: 'k', promptTokens, outputTokens: 100 });

describe('what a replica is asked to keep', () => {
  test('a conversation that is likely to go on, for its service time and the pause of its kind', () => {
    const given = learnt().directive(turn('s'), REPLICA, settings, 500, NOW);
    expect(given).toMatchObject({ tokens: 1100, priority: 100 });
    expect(given!.durationMs).toBeCloseTo(2500, 0);
  });

  test('never longer than is allowed', () => {
    const short = retentionSchema.parse({ longest: '1s' });
    expect(learnt().directive(turn('s'), REPLICA, short, 500, NOW)?.durationMs).toBe(1000);
  });

  test('nothing for kinds that nothing is known of, requests that say nothing of themselves, or unknown memory', () => {
    const retention = learnt();
    expect(retention.directive({ ...turn('s'), kind: 'new' }, REPLICA, settings, 0, NOW)).toBeUndefined();
    expect(retention.directive({ ...turn('s'), kind: undefined }, REPLICA, settings, 0, NOW)).toBeUndefined();
    expect(retention.directive(turn(''), REPLICA, settings, 0, NOW)).toBeUndefined();
    expect(retention.directive(turn('s'), { id: 'p/a' }, settings, 0, NOW)).toBeUndefined();
  });

  test('no more than its share of the memory at once; what has run out or is asked again counts no more', () => {
    const retention = learnt();
    const ask = (session: string, now: number) => retention.directive(turn(session), REPLICA, settings, 0, now);
    expect(['a', 'b', 'c', 'd', 'e'].map(session => ask(session, NOW) !== undefined)).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
    expect(retention.keptOn('p/a', NOW)).toBe(4400);
    expect(ask('a', NOW + 1)).toBeDefined();
    expect(retention.keptOn('p/a', NOW + 1)).toBe(4400);
    expect(ask('e', NOW + 10_000)).toBeDefined();
    expect(retention.keptOn('p/a', NOW + 10_000)).toBe(1100);
  });
});
