import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { SessionReturns } from '#pool/retention/session-returns.js';

const LONGEST = 60_000;

/** Turns of conversations of one kind: a share of them goes on after a pause, the others never. */
function learn(returns: SessionReturns, turns: number, share: number, pause: (draw: number) => number, kind = 'k') {
  const random = seededRandom(3);
  let now = 0;
  for (let i = 0; i < turns; i++) {
    returns.ended(`s${i}`, kind, now, LONGEST);
    if (random.next() < share) {
      now += pause(random.next());
      returns.began(`s${i}`, now);
    }
    now += 10;
  }
  return now;
}

describe('whether conversations come back', () => {
  test('nothing is said of a kind that was hardly seen, or never came back', () => {
    const returns = new SessionReturns();
    learn(returns, 10, 1, () => 1000);
    expect(returns.expect('k')).toBeUndefined();
    const end = learn(returns, 100, 0, () => 1000, 'gone');
    // Long enough that whoever has not come back has not.
    returns.ended('last', 'other', end + LONGEST + 1, LONGEST);
    expect(returns.expect('gone')).toBeUndefined();
    expect(returns.expect('never seen')).toBeUndefined();
  });

  test.each([1, 0.5, 0.2])('a share of %s comes back', share => {
    const returns = new SessionReturns();
    learn(returns, 2000, share, () => 1000);
    expect(returns.expect('k')!.probability).toBeGreaterThan(share - 0.2);
    expect(returns.expect('k')!.probability).toBeLessThanOrEqual(share + 0.2);
  });

  test('nine of ten pauses are shorter than the forecast', () => {
    const returns = new SessionReturns();
    const pauses: number[] = [];
    learn(returns, 1000, 1, draw => {
      // Log-normal, as Box and Muller would have it with one draw of the angle fixed.
      const pause = 5000 * Math.exp(0.8 * Math.sqrt(-2 * Math.log(1 - draw)) * (pauses.length % 2 === 0 ? 1 : -1));
      pauses.push(pause);
      return pause;
    });
    const { pauseMs } = returns.expect('k')!;
    const shorter = pauses.filter(pause => pause <= pauseMs).length / pauses.length;
    expect(shorter).toBeGreaterThan(0.82);
    expect(shorter).toBeLessThan(0.98);
  });

  test('who comes back too late has not come back, and requests without a session count for nothing', () => {
    const returns = new SessionReturns();
    for (let i = 0; i < 50; i++) {
      returns.ended('', 'k', i, LONGEST);
      returns.ended(`s${i}`, 'k', i * (LONGEST + 1), LONGEST);
      returns.began(`s${i - 1}`, i * (LONGEST + 1));
    }
    expect(returns.expect('k')).toBeUndefined();
  });
});
