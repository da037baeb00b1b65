import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SignalValue } from '#contract/signal.js';
import { evaluate } from '#router/policy/evaluate.js';
import { parseExpression } from '#router/policy/parse.js';
import { TREAT } from '#router/policy/policy.js';
import { signalsOf } from '#router/policy/references.js';
import { type Asked, unreachable } from '#router/policy/unreachable.js';

type OnUnknown = 'skip' | 'match' | 'refuse';

type Given = string | readonly [when: string, onUnknown: OnUnknown];

function asked(...conditions: readonly Given[]): readonly Asked[] {
  return conditions.map((given, at) => {
    const [when, onUnknown] = typeof given === 'string' ? ([given, 'skip'] as const) : given;
    const parsed = parseExpression(when);
    if (!parsed.ok || parsed.tree.kind === 'otherwise') throw new Error(when);
    return { name: `d${at}`, condition: parsed.tree, treat: TREAT[onUnknown] };
  });
}

const told = (...conditions: readonly Given[]) =>
  unreachable(asked(...conditions)).map(({ name, takenBy }) => [name, ...takenBy].join(' '));

describe('a decision that no request reaches', () => {
  test.each([
    ['the same condition again', ['a', 'a'], ['d1 d0']],
    ['a narrower one', ['a or b', 'a and c', 'b'], ['d1 d0', 'd2 d0']],
    ['what two take together', ['a', 'not a', 'b'], []],
    ['what two take together, unknown too', [['a', 'match'], 'not a', 'a or not a'] as const, ['d2 d0 d1']],
    ['a higher number', ['big > 8k', 'big > 16k', 'big >= 8k'], ['d1 d0']],
    ['a label among several', ['lang == fr or lang == de', 'lang == de', 'lang != fr'], ['d1 d0']],
    [
      'a condition that never holds',
      ['a and not a', 'big > 5 and big < 3', 'lang == fr and lang == de'],
      ['d0', 'd1', 'd2'],
    ],
    [
      'what only an unknown signal leaves',
      [
        ['a', 'match'],
        ['a', 'refuse'],
      ] as const,
      ['d1 d0'],
    ],
  ])('is told: %s', (_, conditions, expected) => {
    expect(told(...conditions)).toEqual(expected);
  });

  test.each([
    ['another signal', ['a', 'b', 'a and b or c']],
    ['a lower number', ['big > 16k', 'big > 8k']],
    ['an unknown that is skipped first and taken then', ['a', ['a', 'match']] as const],
    ['the other side', ['a', 'not a']],
    [
      'more signals than are tried',
      Array.from({ length: 12 }, (_, n) =>
        n < 11 ? `s${n}` : 's0 and s1 and s2 and s3 and s4 and s5 and s6 and s7 and s8',
      ).slice(-1),
    ],
  ])('is not told: %s', (_, conditions) => {
    expect(told(...conditions)).toEqual([]);
  });

  test('is exactly one that no combination of states takes from those that share a signal with it', () => {
    const leaf = fc.constantFrom('a', 'b', 'c', 'not a', 'not b', 'not c');
    const word = fc.constantFrom('and', 'or');
    const condition = fc.tuple(leaf, word, leaf, word, leaf).map(parts => parts.join(' '));
    const onUnknown = fc.constantFrom('skip' as const, 'match' as const, 'refuse' as const);
    const policy = fc.array(fc.tuple(fc.oneof(leaf, condition), onUnknown), { minLength: 1, maxLength: 5 });
    const states = ['true', 'false', 'unknown'] as const;
    const worlds = states.flatMap(a =>
      states.flatMap(b => states.map(c => ({ a, b, c }) as Readonly<Record<string, SignalValue['state']>>)),
    );
    const takes = ({ condition, treat }: Asked, world: Readonly<Record<string, SignalValue['state']>>) =>
      evaluate(condition, name => ({ state: world[name] ?? 'unknown', score: 0 }), treat, []) !== 'false';
    const shares = (one: Asked, other: Asked) =>
      signalsOf(one.condition).some(name => signalsOf(other.condition).includes(name));
    fc.assert(
      fc.property(policy, conditions => {
        const decisions = asked(...conditions);
        const expected = decisions.filter((decision, at) => {
          const before = decisions.slice(0, at).filter(earlier => shares(earlier, decision));
          return !worlds.some(world => takes(decision, world) && !before.some(earlier => takes(earlier, world)));
        });
        expect(unreachable(decisions).map(({ name }) => name)).toEqual(expected.map(({ name }) => name));
      }),
    );
  });

  test('takes no long time to look for, however many there are', () => {
    const many = Array.from(
      { length: 400 },
      (_, n) => `s${n % 9} and s${(n + 1) % 9} and s${(n + 2) % 9} and s${(n + 3) % 9}`,
    );
    expect(told(...many).length).toBeGreaterThan(0);
  });
});
