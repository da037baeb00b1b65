import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compiledPattern } from '#router/signals/pattern.js';

const places = (source: string, text: string, caseSensitive = true) =>
  [...compiledPattern(source, caseSensitive).places(text)].map(({ start, end }) => text.slice(start, end));

describe('where a pattern matches', () => {
  it.each([
    ['backtracking', '\\bE-\\d{6}\\b'],
    ['linear', '\\bE-[0-9]{1,30}[0-9]{0,30}[0-9]{0,30}\\b'],
  ])('is told in UTF-16 units by the %s engine', (engine, source) => {
    expect(compiledPattern(source, true).engine).toBe(engine);
    expect(places(source, '😀 E-123456 and 日本 E-654321, e-111111')).toEqual(['E-123456', 'E-654321']);
    expect(places(source, '😀 E-123456 and e-111111', false)).toEqual(['E-123456', 'e-111111']);
  });

  it.each([
    ['ab?c', 2, 3],
    ['a{2,5}|\\d{3}', 2, 5],
    ['(?:ab){0,2}x', 1, 5],
    ['\\bE-\\d{6}$', 8, 8],
    ['(?<=case )\\d{2}(?! of)', 2, 10],
    ['x+', 1, Number.POSITIVE_INFINITY],
    ['(?:\\b)*ab', 2, 2],
  ])('%s takes from %d to %d characters', (source, least, most) => {
    expect(compiledPattern(source, true).width).toEqual({ least, most });
  });

  it('is no longer and no shorter than is said', () => {
    const atom = fc.constantFrom('a', 'b', '[ab]', '\\w', '(?:ab|a)', '(?:b|aab)');
    const piece = fc
      .tuple(atom, fc.constantFrom('', '?', '{1,3}', '{2}', '{0,2}'))
      .map(([one, repeat]) => one + repeat);
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ' '), maxLength: 30 });
    let matched = 0;
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 4 }), text, (pieces, given) => {
        const pattern = compiledPattern(pieces.join(''), true);
        const { least, most } = pattern.width!;
        for (const { start, end } of pattern.places(given)) {
          matched++;
          expect(end - start).toBeGreaterThanOrEqual(least);
          expect(end - start).toBeLessThanOrEqual(most);
        }
      }),
    );
    expect(matched).toBeGreaterThan(100);
  });
});
