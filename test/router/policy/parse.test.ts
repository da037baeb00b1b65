import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Expression } from '#router/policy/expression.js';
import { MAX_DEPTH, MAX_EXPRESSION, parseExpression } from '#router/policy/parse.js';
import { printExpression } from '#router/policy/print.js';
import { leavesOf, signalsOf } from '#router/policy/references.js';
import { conditions } from './arbitrary.js';

const names = fc.stringMatching(/^[a-z][a-z0-9_.-]{0,6}$/).filter(name => !['and', 'or', 'not', 'true'].includes(name));

function parsed(source: string): Expression {
  const result = parseExpression(source);
  if (!result.ok) throw new Error(`${result.error.message} at ${result.error.offset}`);
  return result.tree;
}

function refused(source: string): { message: string; offset: number; hint?: string } {
  const result = parseExpression(source);
  if (result.ok) throw new Error(`parsed as ${printExpression(result.tree)}`);
  return result.error;
}

function shape(tree: unknown): unknown {
  return JSON.parse(JSON.stringify(tree, (key, value: unknown) => (/offset/i.test(key) ? undefined : value)));
}

describe('parsing', () => {
  test.each([
    ['a or b and c', 'a or b and c'],
    ['(a or b) and c', '(a or b) and c'],
    ['not a and b', 'not a and b'],
    ['not (a and b)', 'not (a and b)'],
    ['((a))', 'a'],
    ['a and (b and c)', 'a and b and c'],
    ['a > 0.4 or b<=8k', 'a > 0.4 or b <= 8192'],
    ['size >= 1M', 'size >= 1048576'],
    ['margin < -0.5', 'margin < -0.5'],
    ['lang == fr', 'lang == fr'],
    ['lang != "pt-BR x"', 'lang != "pt-BR x"'],
    ["tier == 'and'", 'tier == "and"'],
    ['not not a', 'not not a'],
    [' otherwise ', 'otherwise'],
  ])('%s reads as %s', (source, printed) => {
    expect(printExpression(parsed(source))).toBe(printed);
  });

  test('binds not tighter than and, and tighter than or', () => {
    expect(shape(parsed('not a and b or c'))).toEqual({
      kind: 'or',
      children: [
        {
          kind: 'and',
          children: [
            { kind: 'not', child: { kind: 'signal', name: 'a' } },
            { kind: 'signal', name: 'b' },
          ],
        },
        { kind: 'signal', name: 'c' },
      ],
    });
  });

  test.each([
    ['', 0, /name of a signal/, undefined],
    ['a and', 5, /name of a signal.*not the end/, undefined],
    ['a b', 2, /and, or or the end/, undefined],
    ['a AND b', 2, /and, or or the end/, 'and'],
    ['(a', 2, /closing parenthesis/, undefined],
    ['a)', 1, /and, or or the end/, undefined],
    ['a && b', 2, /&&/, 'and'],
    ['a || b', 2, /\|\|/, 'or'],
    ['!a', 0, /!/, 'not'],
    ['a = 3', 2, /=/, '=='],
    ['a > high', 4, /a number is expected after >/, undefined],
    ['a > 8x', 4, /8x is no number/, 'a number such as 0.4, 8k or 1M'],
    ['a > 1e999', 4, /too large/, undefined],
    ['a == "fr', 5, /no closing "/, undefined],
    ['a == true', 5, /word or string is expected/, 'a'],
    ['a != true', 5, /word or string is expected/, 'not a'],
    ['true and a', 0, /name of a signal/, undefined],
    ['a or otherwise', 5, /name of a signal/, 'otherwise alone, as the whole condition of a decision'],
    ['otherwise or a', 10, /otherwise stands alone/, undefined],
    ['a é b', 2, /é has no meaning/, undefined],
  ])('%s is refused at %i', (source, offset, message, hint) => {
    const error = refused(source);
    expect(error.offset).toBe(offset);
    expect(error.message).toMatch(message);
    expect(error.hint).toBe(hint);
  });

  test('what is too long or too deep is refused, not crashed on', () => {
    expect(refused(`a${' and a'.repeat(MAX_EXPRESSION)}`).message).toMatch(/at most/);
    expect(refused('('.repeat(MAX_DEPTH + 1)).message).toMatch(/deeper/);
    expect(refused('not '.repeat(MAX_DEPTH + 1)).message).toMatch(/deeper/);
    expect(parsed(`a${' and a'.repeat(600)}`).kind).toBe('and');
  });

  test('the tree is frozen all through', () => {
    const tree = parsed('a and (b or not c > 3)');
    const frozen = (node: unknown): boolean =>
      typeof node !== 'object' || node === null || (Object.isFrozen(node) && Object.values(node).every(frozen));
    expect(frozen(tree)).toBe(true);
  });

  test('printing and parsing give the same tree', () => {
    fc.assert(
      fc.property(conditions(names), tree => {
        expect(shape(parsed(printExpression(tree)))).toEqual(shape(tree));
      }),
    );
  });

  test('any text parses or is refused at a place within it', () => {
    const pieces = fc.constantFrom(
      'a',
      'and',
      'or',
      'not',
      '(',
      ')',
      '>',
      '==',
      '8k',
      '"x"',
      '0.4',
      'otherwise',
      '!',
      ' ',
      '"',
    );
    const anything = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.array(pieces).map(list => list.join(' ')),
    );
    fc.assert(
      fc.property(anything, source => {
        const result = parseExpression(source);
        if (result.ok) return;
        expect(result.error.offset).toBeGreaterThanOrEqual(0);
        expect(result.error.offset).toBeLessThanOrEqual(source.length);
      }),
      { numRuns: 500 },
    );
  });
});

describe('references', () => {
  test('signals once each in order, leaves with their places', () => {
    const tree = parsed('b and (a > 3 or not b)');
    expect(signalsOf(tree)).toEqual(['b', 'a']);
    expect(leavesOf(tree).map(({ name, offset }) => [name, offset])).toEqual([
      ['b', 0],
      ['a', 7],
      ['b', 20],
    ]);
    expect(signalsOf(parsed('otherwise'))).toEqual([]);
  });
});
