import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TurnShare } from '#gateway/turn-share.js';
import { VirtualClock } from '../support/virtual-clock.js';

/** An event loop by hand: `turn()` runs what was put off to the end of this turn. */
function loop() {
  const clock = new VirtualClock();
  let later: Array<() => void> = [];
  const share = new TurnShare(clock, callback => later.push(callback));
  return {
    clock,
    share,
    turn(): boolean {
      const due = later;
      later = [];
      for (const callback of due) callback();
      return due.length > 0;
    },
  };
}

describe('a share of a turn', () => {
  it('does at once what the turn can bear, and the rest in the turns after, in order', () => {
    const { clock, share, turn } = loop();
    const done: number[] = [];
    for (let i = 0; i < 10; i++) {
      share.run(() => {
        done.push(i);
        clock.advance(0.4);
      });
    }
    expect(done).toEqual([0, 1, 2]);
    turn();
    expect(done).toEqual([0, 1, 2, 3, 4, 5]);
    share.run(() => done.push(10));
    while (turn());
    expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('begins anew when nothing was left over', () => {
    const { clock, share, turn } = loop();
    const done: number[] = [];
    share.run(() => clock.advance(50));
    while (turn());
    share.run(() => done.push(1));
    expect(done).toEqual([1]);
  });

  it('counts what comes after the last that waited to the same turn', () => {
    const { clock, share, turn } = loop();
    const done: number[] = [];
    const run = (i: number) =>
      share.run(() => {
        done.push(i);
        clock.advance(0.6);
      });
    for (const i of [0, 1, 2]) run(i);
    turn();
    expect(done).toEqual([0, 1, 2]);
    for (const i of [3, 4]) run(i);
    expect(done).toEqual([0, 1, 2, 3]);
    turn();
    expect(done).toEqual([0, 1, 2, 3, 4]);
  });

  it('loses nothing to work that throws', () => {
    const { clock, share, turn } = loop();
    const done: number[] = [];
    share.run(() => clock.advance(5));
    share.run(() => {
      throw new Error('a defect');
    });
    share.run(() => done.push(1));
    expect(() => turn()).toThrow('a defect');
    while (turn());
    expect(done).toEqual([1]);
  });

  it('does everything once and in order, and no turn exceeds its share by more than one piece of work', () => {
    const work = fc.array(fc.record({ ms: fc.double({ min: 0, max: 2, noNaN: true }), turn: fc.boolean() }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(work, pieces => {
        const { clock, share, turn } = loop();
        const done: number[] = [];
        let begun = clock.now();
        const next = () => {
          begun = clock.now();
          return turn();
        };
        let longest = 0;
        pieces.forEach(({ ms, turn: ends }, i) => {
          share.run(() => {
            done.push(i);
            longest = Math.max(longest, clock.now() - begun);
            clock.advance(ms);
          });
          if (ends) next();
        });
        while (next());
        expect(done).toEqual(pieces.map((_, i) => i));
        expect(longest).toBeLessThan(2.001);
      }),
    );
  });
});
