import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWeirError } from '#contract/errors.js';
import { HeldRoom, type HeldShare } from '#gateway/exchange/held-room.js';

const codeOf = (step: () => void): string => {
  try {
    step();
    return 'ok';
  } catch (error) {
    return isWeirError(error) ? error.code : String(error);
  }
};

const step = fc.oneof(
  fc.record({ kind: fc.constant('begin' as const) }),
  fc.record({ kind: fc.constant('grow' as const), of: fc.nat(9), to: fc.nat(150) }),
  fc.record({ kind: fc.constant('release' as const), of: fc.nat(9) }),
  fc.record({ kind: fc.constant('most' as const), most: fc.integer({ min: 1, max: 300 }) }),
);

describe('the room for answers that are held', () => {
  it('has what its shares have, never takes more than it may, and is empty once all have ended, however often', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const room = new HeldRoom(200);
        const shares: HeldShare[] = [];
        const held: number[] = [];
        const ended = new Set<number>();
        const sum = () => held.reduce((all, one) => all + one, 0);
        for (const one of steps) {
          if (one.kind === 'most') room.most = one.most;
          else if (one.kind === 'begin') {
            shares.push(room.share(100));
            held.push(0);
          } else if (shares.length > 0) {
            const at = one.of % shares.length;
            if (one.kind === 'release') {
              shares[at]!.release();
              ended.add(at);
              held[at] = 0;
            } else {
              const grows = !ended.has(at) && one.to > held[at]!;
              const fits = sum() - held[at]! + one.to <= room.most;
              const expected = !grows
                ? 'ok'
                : one.to > Math.min(100, room.most)
                  ? 'upstream.too_large'
                  : fits
                    ? 'ok'
                    : 'gateway.no_room';
              expect(codeOf(() => shares[at]!.grow(one.to))).toBe(expected);
              if (grows && expected === 'ok') held[at] = one.to;
            }
          }
          expect(room.held).toBe(sum());
        }
        for (const share of [...shares, ...shares]) share.release();
        expect(room.held).toBe(0);
      }),
    );
  });
});
