import fc from 'fast-check';
import { type Condition, junction, type Leaf, type Operator } from '#router/policy/expression.js';

const OPERATORS: readonly Operator[] = ['>', '>=', '<', '<=', '==', '!='];

const number = fc.oneof(fc.integer({ min: -1000, max: 100_000 }), fc.double({ noNaN: true, noDefaultInfinity: true }));
const word = fc.oneof(
  fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,8}$/),
  fc.string({ maxLength: 12 }).filter(text => !text.includes('"')),
  fc.constantFrom('and', 'or', 'not', 'true', 'otherwise', 'it is "so"'),
);

const comparison = (names: fc.Arbitrary<string>): fc.Arbitrary<Leaf> =>
  fc
    .oneof(
      fc.record({ name: names, operator: fc.constantFrom(...OPERATORS), value: number }),
      fc.record({ name: names, operator: fc.constantFrom<Operator>('==', '!='), value: word }),
    )
    .map(parts => ({ kind: 'compare', ...parts, offset: 0, valueOffset: 0 }));

/** Conditions over the given names, comparisons included. */
export function conditions(names: fc.Arbitrary<string>): fc.Arbitrary<Condition> {
  const leaf = fc.oneof(
    names.map((name): Leaf => ({ kind: 'signal', name, offset: 0 })),
    comparison(names),
  );
  return fc.letrec<{ node: Condition }>(tie => ({
    node: fc.oneof(
      { maxDepth: 5, depthSize: 'small' },
      leaf,
      tie('node').map((child): Condition => ({ kind: 'not', child })),
      fc
        .tuple(fc.constantFrom('and' as const, 'or' as const), fc.array(tie('node'), { minLength: 2, maxLength: 4 }))
        .map(([kind, children]) => junction(kind, children)),
    ),
  })).node;
}

/** Conditions in which every name stands once. */
export function readOnceConditions(names: readonly string[]): fc.Arbitrary<Condition> {
  return fc
    .tuple(fc.shuffledSubarray([...names], { minLength: 1 }), fc.array(fc.nat(), { minLength: 64, maxLength: 64 }))
    .map(([chosen, choices]) => build(chosen, choices, { at: 0 }));
}

function build(names: readonly string[], choices: readonly number[], cursor: { at: number }): Condition {
  const choose = (bound: number) => (choices[cursor.at++ % choices.length] ?? 0) % bound;
  const negated = choose(3) === 0;
  const [only] = names;
  let node: Condition;
  if (names.length === 1 && only !== undefined) node = { kind: 'signal', name: only, offset: 0 };
  else {
    const cut = 1 + choose(names.length - 1);
    const parts = [build(names.slice(0, cut), choices, cursor), build(names.slice(cut), choices, cursor)];
    node = junction(choose(2) === 0 ? 'and' : 'or', parts);
  }
  return negated ? { kind: 'not', child: node } : node;
}
