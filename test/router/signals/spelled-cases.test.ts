import { RegExpParser } from '@eslint-community/regexpp';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasOddCases, spelledCases } from '#router/signals/spelled-cases.js';

const parser = new RegExpParser({ ecmaVersion: 2024 });
const spelled = (source: string) => spelledCases(parser.parsePattern(source, 0, source.length, { unicode: true }));

/** Everything that a pattern of ASCII is made of, letters at the edges of ranges and hyphens in odd places among it. */
const member = fc.constantFrom('a', 'K', 's', '0', '_', '-', '\\-', 'a-c', 'X-b', '0-f', '\\d', '\\W', '\\x4b', ' ');
const characterClass = fc
  .tuple(fc.constantFrom('', '^'), fc.array(member, { minLength: 1, maxLength: 4 }))
  .map(([not, members]) => `[${not}${members.join('')}]`);
const pattern = fc.letrec<{ node: string }>(tie => ({
  node: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.constantFrom(
      'a',
      'B',
      'k',
      'S',
      '1',
      '-',
      '.',
      '\\b',
      '\\B',
      '\\w',
      '\\W',
      '\\d',
      '\\s',
      '\\.',
      '\\x41',
      '^',
      '$',
    ),
    characterClass,
    fc.tuple(tie('node'), tie('node')).map(([x, y]) => `${x}${y}`),
    fc.tuple(tie('node'), tie('node')).map(([x, y]) => `(?:${x}|${y})`),
    tie('node').map(x => `(${x}){0,2}`),
    tie('node').map(x => `(?<n>${x})?`),
    fc.tuple(fc.constantFrom('?=', '?!', '?<=', '?<!'), tie('node')).map(([kind, x]) => `(${kind}${x})`),
  ),
})).node;
const letter = fc.constantFrom(
  'a',
  'A',
  'b',
  'k',
  'K',
  's',
  'S',
  'x',
  'Y',
  '1',
  '-',
  '_',
  ' ',
  '.',
  'é',
  'É',
  '学',
  '😀',
  '\u0131',
  '\n',
);

function compiles(source: string): boolean {
  try {
    new RegExp(source, 'u');
    return true;
  } catch {
    return false;
  }
}

describe('a pattern with its cases written out', () => {
  test('matches what the pattern matches when case does not matter', () => {
    fc.assert(
      fc.property(
        pattern.filter(compiles),
        fc.array(letter, { maxLength: 8 }).map(list => list.join('')),
        (source, text) => {
          const quick = spelled(source);
          expect(quick).toBeDefined();
          expect(new RegExp(quick ?? '', 'u').exec(text)).toEqual(new RegExp(source, 'iu').exec(text));
        },
      ),
      { numRuns: 3000 },
    );
  });

  test.each([
    ['\\bINV-[0-9]{6}\\b', '\\b[Ii][Nn][Vv]-[0-9]{6}\\b'],
    ['[a-c-e]', '[a-cABC\\-eE]'],
    ['[b-c--a]', '[b-cBC\\--aabcdefghijklmnopqrstuvwxyzA]'],
  ])('%s is %s', (source, wanted) => {
    expect(spelled(source)).toBe(wanted);
  });

  test.each(['é', '[à-ü]', '\\p{Lu}', '(?:a|ß)'])('there is none for %s', source => {
    expect(spelled(source)).toBeUndefined();
  });

  test('the two letters for which it would not hold are told', () => {
    expect(hasOddCases('aus dem \u017faal')).toBe(true);
    expect(hasOddCases('300 \u212a')).toBe(true);
    expect(hasOddCases('Kelvin, ı, É')).toBe(false);
  });
});
