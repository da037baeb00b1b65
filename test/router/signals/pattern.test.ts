import { RegExpParser } from '@eslint-community/regexpp';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_PATTERN_LENGTH, safePattern } from '#router/signals/pattern.js';
import { worstCaseSteps } from '#router/signals/pattern-work.js';

function engineOf(source: string): string {
  const compiled = safePattern(source, false);
  return 'problem' in compiled ? 'refused' : compiled.engine;
}

function matches(source: string, text: string, caseSensitive = false): boolean {
  const compiled = safePattern(source, caseSensitive);
  if ('problem' in compiled) throw new Error(compiled.problem);
  return compiled.test(text);
}

describe('which engine runs a pattern', () => {
  test.each([
    ['\\b\\d{3}-\\d{4}\\b', 'backtracking'],
    ['colou?r', 'backtracking'],
    ['(?<=\\$)\\d{1,4}', 'backtracking'],
    ['foo|bar|baz', 'backtracking'],
    ['\\d+', 'linear'],
    ['(a+)+$', 'linear'],
    ['(a|a)*b', 'linear'],
    // Bounded, and yet 2^30 ways to match.
    [`${'a?'.repeat(30)}${'a'.repeat(30)}`, 'linear'],
    ['(a{0,9}){0,9}b', 'linear'],
    ['(?i)abc', 'linear'],
    ['(?<year>\\d+)', 'linear'],
    ['\\u0041+', 'linear'],
    ['(a)\\1', 'refused'],
    ['(?=a+)b+', 'refused'],
    ['(a{1000}){1000}', 'refused'],
    ['[', 'refused'],
    ['a'.repeat(MAX_PATTERN_LENGTH + 1), 'refused'],
  ])('%s: %s', (source, engine) => {
    expect(engineOf(source)).toBe(engine);
  });

  test('a refusal says why, and where for what is no pattern', () => {
    expect(safePattern('ab(c', false)).toMatchObject({
      problem: 'Unterminated group',
      offset: expect.any(Number) as number,
    });
    expect(safePattern('(a)\\1', false)).toMatchObject({ problem: expect.stringContaining('very long') as string });
  });
});

describe('matching', () => {
  test.each([
    ['colou?r', 'COLOR', false, true],
    ['colou?r', 'COLOR', true, false],
    ['\\d+ euros', 'about 300 Euros', false, true],
    ['\\d+ euros', 'about 300 Euros', true, false],
    ['\\p{Lu}{2}', 'xÉÀx', true, true],
    ['^a+$', 'aaab', false, false],
    ['\\u0041+x', 'AAx', true, true],
    ['\\bsee\\b', 'to \u017fee', false, true],
    ['\\bsee\\b', 'I See.', false, true],
  ])('%s on %s (case %s): %s', (source, text, sensitive, wanted) => {
    expect(matches(source, text, sensitive)).toBe(wanted);
  });

  test('the worst patterns on the worst texts come to an end', () => {
    const text = `${'a'.repeat(30_000)}!`;
    for (const source of ['(a+)+$', '(a|aa)+$', '(.*a){1,20}x', 'a*a*a*a*b']) expect(matches(source, text)).toBe(false);
  });
});

describe('the bound on backtracking', () => {
  const parser = new RegExpParser({ ecmaVersion: 2024 });
  const steps = (source: string) => worstCaseSteps(parser.parsePattern(source, 0, source.length, { unicode: true }));

  test.each([
    ['a+', Number.POSITIVE_INFINITY],
    ['(a)\\1', Number.POSITIVE_INFINITY],
    ['a{0,100000}', Number.POSITIVE_INFINITY],
  ])('%s has none', (source, bound) => {
    expect(steps(source)).toBe(bound);
  });

  /** A backtracking matcher over the text `aaa…`, counting its steps: every element either consumes one `a` or fails. */
  const element: fc.Arbitrary<string> = fc.letrec<{ node: string }>(tie => ({
    node: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      fc.constantFrom('a', 'b'),
      fc.tuple(tie('node'), tie('node')).map(([x, y]) => `${x}${y}`),
      fc.tuple(tie('node'), tie('node')).map(([x, y]) => `(?:${x}|${y})`),
      fc.tuple(tie('node'), fc.nat(2), fc.nat(2)).map(([x, min, more]) => `(?:${x}){${min},${min + more}}`),
    ),
  })).node;

  test('is never less than what a backtracking matcher does', () => {
    fc.assert(
      fc.property(element, source => {
        const tree = parser.parsePattern(source, 0, source.length, { unicode: true });
        expect(countSteps(tree, 12)).toBeLessThanOrEqual(worstCaseSteps(tree));
      }),
      { numRuns: 300 },
    );
  });
});

type Pattern = ReturnType<RegExpParser['parsePattern']>;
type Alternative = Pattern['alternatives'][number];
type Element = Alternative['elements'][number];

/** Steps that a plain backtracking matcher takes to try every way of matching at the start of a text of `length` letters `a`. */
function countSteps(pattern: Pattern, length: number): number {
  let steps = 0;
  const fail = () => undefined;
  const sequence = (elements: readonly Element[], at: number, next: (at: number) => void): void => {
    const [first, ...rest] = elements;
    if (first === undefined) next(at);
    else one(first, at, end => sequence(rest, end, next));
  };
  const one = (element: Element, at: number, next: (at: number) => void): void => {
    if (element.type === 'Group') {
      for (const { elements } of element.alternatives) sequence(elements, at, next);
    } else if (element.type === 'Quantifier') {
      const again = (count: number, from: number): void => {
        if (count < element.max) one(element.element, from, end => again(count + 1, end));
        if (count >= element.min) next(from);
      };
      again(0, at);
    } else if (element.type === 'Character') {
      steps++;
      if (element.value === 97 && at < length) next(at + 1);
    }
  };
  for (const { elements } of pattern.alternatives) sequence(elements, 0, fail);
  return steps;
}
