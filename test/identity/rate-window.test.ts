import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RateWindow } from '#identity/rate-window.js';
import { admit, bench, quote, SYSTEM } from './support.js';

describe('a rate window', () => {
  it('lets no more than its limit through in any 60 seconds, and says truly when there is room again', () => {
    const steps = fc.array(
      fc.record({ wait: fc.oneof(fc.nat(2000), fc.nat(90_000)), amount: fc.integer({ min: 1, max: 5 }) }),
      {
        maxLength: 200,
      },
    );
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 20 }), steps, (limit, script) => {
        const window = new RateWindow(limit);
        const let_through: { at: number; amount: number }[] = [];
        let now = 1_000_000;
        for (const { wait, amount } of script) {
          now += wait;
          if (window.remaining(now) >= amount) {
            window.add(now, amount);
            let_through.push({ at: now, amount });
          } else {
            const room = window.waitFor(now, amount);
            expect(room).toBeGreaterThan(0);
            expect(room).toBeLessThanOrEqual(61_000);
            now += room;
            expect(window.remaining(now)).toBeGreaterThanOrEqual(amount);
          }
        }
        for (const { at } of let_through) {
          const inWindow = let_through.filter(other => other.at <= at && other.at > at - 60_000);
          expect(inWindow.reduce((sum, { amount }) => sum + amount, 0)).toBeLessThanOrEqual(limit);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('takes corrections in the slot they belong to, and forgets them with it', () => {
    const window = new RateWindow(100);
    const slot = window.add(1000, 80);
    window.correct(5000, slot, -70);
    expect(window.remaining(5000)).toBe(90);
    expect(window.resetIn(5000)).toBe(57_000);
    expect(window.remaining(62_000)).toBe(100);
    window.correct(70_000, slot, 50);
    expect(window.remaining(70_000)).toBe(100);
  });

  it('is not confused by a clock that is set back', () => {
    const window = new RateWindow(2);
    window.add(100_000, 2);
    expect(window.remaining(50_000)).toBe(0);
    window.add(50_000, 1);
    expect(window.remaining(100_000)).toBe(0);
  });

  it('holds nobody up for longer than a minute when the clock is set back by more', () => {
    const window = new RateWindow(2);
    const slot = window.add(10_000_000, 2);
    const back = 10_000_000 - 3_600_000;
    expect(window.remaining(back)).toBe(0);
    expect(window.waitFor(back, 1)).toBeLessThanOrEqual(61_000);
    expect(window.resetIn(back)).toBeLessThanOrEqual(61_000);
    expect(window.correct(back, slot, -1)).toBe(true);
    expect(window.remaining(back + 30_000)).toBe(1);
    expect(window.remaining(back + 61_000)).toBe(2);
    window.add(back + 61_000, 2);
    expect(window.remaining(back + 120_000)).toBe(0);
    expect(window.remaining(back + 122_000)).toBe(2);
  });
});

it('tokens of a team and of its key are each corrected where they are held, also when the clock was set back between them', async () => {
  const { identity, clock } = await bench();
  const limits = { tokensPerMinute: 1000 };
  await identity.governance.createTeam(SYSTEM, { id: 't', limits });
  const [first, second] = await Promise.all(
    ['a', 'b'].map(name => identity.governance.createKey(SYSTEM, { name, team: 't', limits })),
  );
  const used = { nanoUsd: 0, promptTokens: 5, completionTokens: 5 };
  const ask = async (secret: string) => {
    const admission = await admit(identity, secret);
    expect(admission.reserve(clock.wall(), quote(0, 400))).toBeUndefined();
    admission.settle(clock.wall(), used);
  };
  await ask(first!.secret);
  clock.advance(-3_600_000);
  await ask(second!.secret);
  const remaining = (kind: 'key' | 'team', id: string) =>
    identity.accounts.of(kind, id).tokens!.remaining(clock.wall());
  expect([remaining('team', 't'), remaining('key', second!.key.id)]).toEqual([980, 990]);
});

it('tokens are settled where they were held, though the limit went and another came meanwhile', async () => {
  const { identity, clock } = await bench();
  const limits = { tokensPerMinute: 1000 };
  const { secret, key } = await identity.governance.createKey(SYSTEM, { name: 'k', limits });
  const admission = await admit(identity, secret);
  expect(admission.reserve(clock.wall(), quote(0, 400))).toBeUndefined();
  await identity.governance.changeKey(SYSTEM, key.id, { limits: {} });
  await identity.governance.changeKey(SYSTEM, key.id, { limits });
  admission.settle(clock.wall(), { nanoUsd: 0, promptTokens: 50, completionTokens: 50 });
  expect(identity.accounts.of('key', key.id).tokens!.remaining(clock.wall())).toBe(900);
});
