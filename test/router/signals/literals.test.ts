import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Literals } from '#router/signals/literals.js';

/** Letters of few kinds, so that terms are often parts and beginnings of one another, among signs that mean something in patterns. */
const piece = fc.constantFrom('a', 'b', 'A', 'é', '.', '*', '(', '学', '𝒳', ' ', '_', '1', '\u0301');
const term = fc
  .array(piece, { minLength: 1, maxLength: 4 })
  .map(list => list.join('').replace(/ +/g, ' ').trim())
  .filter(word => word !== '');
const text = fc.array(piece, { maxLength: 30 }).map(list => list.join(''));

const UNSPACED = /\p{Script=Han}/u;
const JOINS = /[\p{L}\p{N}\p{M}_]/u;
const joins = (character: string | undefined) =>
  character !== undefined && JOINS.test(character) && !UNSPACED.test(character);

/** The plain way: every place, every term, character by character. */
function found(terms: readonly string[], body: string, caseSensitive: boolean): boolean {
  const fold = (list: readonly string[]) => (caseSensitive ? list : list.map(one => one.toLowerCase()));
  const characters = fold([...body.replace(/ +/g, ' ')]);
  return terms.some(word => {
    const wanted = fold([...word]);
    return characters.some((_one, at) => {
      if (wanted.some((character, index) => characters[at + index] !== character)) return false;
      const end = at + wanted.length;
      const begins = !joins(wanted[0]) || !joins(characters[at - 1]);
      return begins && !(joins(wanted.at(-1)) && joins(characters[end]));
    });
  });
}

describe('literals', () => {
  test('find what looking everywhere for everything finds', () => {
    fc.assert(
      fc.property(fc.array(term, { minLength: 1, maxLength: 6 }), text, fc.boolean(), (terms, body, sensitive) => {
        // Runs of white space longer than a phrase may have are none of its business.
        fc.pre(!/ {9}/.test(body));
        expect(new Literals(terms, sensitive).first(body) !== undefined).toBe(found(terms, body, sensitive));
      }),
      { numRuns: 2000 },
    );
  });

  test('collects distinct terms up to a limit, however many there are', () => {
    const seen = new Set<string>();
    new Literals(['a', 'b', 'c'], false).collect('a B b a C', seen, 2);
    expect([...seen]).toEqual(['a', 'b']);
    const many = new Set<string>();
    new Literals(['a', 'z'], false).collect('a '.repeat(100_000), many, 64);
    expect([...many]).toEqual(['a']);
  });

  test('takes as many terms as a signal may have, of any length it may have', () => {
    const terms = Array.from({ length: 512 }, (_, index) => `${'x'.repeat(190)} ${index}`);
    const literals = new Literals(terms, false);
    expect(literals.first(`so ${'X'.repeat(190)}  511.`)).toBe(`${'X'.repeat(190)}  511`);
    expect(literals.first('nothing')).toBeUndefined();
  });
});
