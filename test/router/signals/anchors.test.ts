import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toUtf8 } from '#contract/wire-text.js';
import { Anchors } from '#router/signals/anchors.js';
import { Literals } from '#router/signals/literals.js';

const letters = fc.constantFrom(...'aAbBsSkKſK é日.-'.split(''));
const term = fc.array(letters, { minLength: 1, maxLength: 8 }).map(chars => chars.join(''));
const terms = fc.array(
  term.filter(text => text.trim() !== ''),
  { minLength: 1, maxLength: 4 },
);
const text = fc.array(letters, { maxLength: 60 }).map(chars => chars.join(''));

describe('anchors', () => {
  it('never say no where a term stands, in text and in its bytes', () => {
    fc.assert(
      fc.property(terms, text, text, fc.boolean(), (wanted, before, after, sensitive) => {
        const anchors = Anchors.of(wanted);
        if (anchors === undefined) return;
        const literals = new Literals(wanted, sensitive);
        for (const whole of [before, `${before} ${wanted[0]} ${after}`, before + wanted[0]!.toUpperCase() + after]) {
          if (literals.first(whole) === undefined) continue;
          expect(anchors.mayStandIn(whole)).toBe(true);
          expect(anchors.mayStandIn(toUtf8(whole))).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('say no to most texts, whatever the case, and yes to the anchor anywhere', () => {
    const anchors = Anchors.of(['Top Secret', 'do not distribute', 'internal use only'])!;
    expect(anchors.mayStandIn('The water is shared out among the pools in turn. '.repeat(20))).toBe(false);
    expect(anchors.mayStandIn('this is top SECRET')).toBe(true);
    expect(anchors.mayStandIn('secre')).toBe(false);
    expect(anchors.mayStandIn('')).toBe(false);
  });

  it('are not there for terms too short, or with nothing of ASCII', () => {
    expect(Anchors.of(['ai'])).toBeUndefined();
    expect(Anchors.of(['secret', '機密'])).toBeUndefined();
    expect(Anchors.of([])).toBeUndefined();
  });
});
