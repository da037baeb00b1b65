import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SignalValue, Truth } from '#contract/signal.js';
import { orderByCost } from '#router/policy/cost.js';
import { evaluate, type Treat, type Verdict } from '#router/policy/evaluate.js';
import { explain } from '#router/policy/explain.js';
import type { Condition } from '#router/policy/expression.js';
import { parseExpression } from '#router/policy/parse.js';
import { signalsOf } from '#router/policy/references.js';
import { conditions, readOnceConditions } from './arbitrary.js';

const TREATS: readonly Treat[] = ['as-unknown', 'as-true', 'as-false'];
const VALUES = { t: 'true', f: 'false', u: 'unknown', p: 'pending' } as const;
type Letter = keyof typeof VALUES;

function condition(source: string): Condition {
  const result = parseExpression(source);
  if (!result.ok || result.tree.kind === 'otherwise') throw new Error(source);
  return result.tree;
}

function value(letter: Letter): SignalValue | undefined {
  return letter === 'p' ? undefined : { state: VALUES[letter], score: letter === 't' ? 1 : 0, label: letter };
}

/** Kleene's strong logic of three values, everything evaluated: the definition that the lazy evaluation is held to. */
function kleene(node: Condition, values: Readonly<Record<string, SignalValue>>): Truth {
  switch (node.kind) {
    case 'signal':
      return values[node.name]?.state ?? 'unknown';
    case 'compare': {
      const { state, score, label } = values[node.name] ?? { state: 'unknown', score: 0 };
      if (state === 'unknown') return 'unknown';
      const { operator, value: wanted } = node;
      if (typeof wanted === 'string') return String((label === wanted) === (operator === '==')) as Truth;
      const outcomes = {
        '>': score > wanted,
        '>=': score >= wanted,
        '<': score < wanted,
        '<=': score <= wanted,
        '==': score === wanted,
        '!=': score !== wanted,
      };
      return outcomes[operator] ? 'true' : 'false';
    }
    case 'not': {
      const inner = kleene(node.child, values);
      return inner === 'unknown' ? inner : inner === 'true' ? 'false' : 'true';
    }
    default: {
      const inner = node.children.map(child => kleene(child, values));
      const decisive = node.kind === 'and' ? 'false' : 'true';
      if (inner.includes(decisive)) return decisive;
      return inner.includes('unknown') ? 'unknown' : node.kind === 'and' ? 'true' : 'false';
    }
  }
}

function treated(truth: Truth, treat: Treat): Truth {
  return truth !== 'unknown' || treat === 'as-unknown' ? truth : treat === 'as-true' ? 'true' : 'false';
}

describe('each operator on each value', () => {
  const rows: readonly (readonly [string, string])[] = [
    // and: false wins, then pending while it could still be false, then unknown.
    ['a and b', 'tt=t tf=f tu=u tp=p ft=f ff=f fu=f fp=f ut=u uf=f uu=u up=p pt=p pf=f pu=p pp=p'],
    ['a or b', 'tt=t tf=t tu=t tp=t ft=t ff=f fu=u fp=p ut=t uf=u uu=u up=p pt=t pf=p pu=p pp=p'],
    ['not a', 't=f f=t u=u p=p'],
    ['a', 't=t f=f u=u p=p'],
    ['a > 0.5', 't=t f=f u=u p=p'],
    ['a >= 1', 't=t f=f u=u p=p'],
    ['a < 0.5', 't=f f=t u=u p=p'],
    ['a <= 0', 't=f f=t u=u p=p'],
    ['a == 1', 't=t f=f u=u p=p'],
    ['a != 1', 't=f f=t u=u p=p'],
    ['a == t', 't=t f=f u=u p=p'],
    ['a != t', 't=f f=t u=u p=p'],
    ['not (a and b)', 'tt=f tf=t tu=u tp=p uf=t up=p pf=t pu=p'],
    ['not a or b', 'tt=t tf=f tu=u uf=u ut=t uu=u pf=p pt=t'],
  ];
  for (const [source, table] of rows) {
    for (const row of table.split(' ')) {
      const [given = '', wanted = ''] = row.split('=');
      test(`${source} with ${given} is ${wanted}`, () => {
        const values = { a: given[0] as Letter, b: (given[1] ?? 't') as Letter };
        const read = (name: string) => value(values[name as 'a' | 'b']);
        expect(evaluate(condition(source), read, 'as-unknown', [])).toBe(VALUES[wanted as Letter]);
      });
    }
  }
});

const NAMES = ['a', 'b', 'c', 'd', 'e'];
const letters = fc.constantFrom<Letter>('t', 'f', 'u');
const costs = fc.array(
  fc.record({ tier: fc.constantFrom('inline' as const, 'learned' as const), microseconds: fc.nat(100) }),
  {
    minLength: 5,
    maxLength: 5,
  },
);

function ordered(tree: Condition, given: readonly { tier: 'inline' | 'learned'; microseconds: number }[]): Condition {
  return orderByCost(tree, name => given[NAMES.indexOf(name)] ?? { tier: 'inline', microseconds: 0 }) as Condition;
}

describe('lazy evaluation', () => {
  test('equals Kleene over everything, whatever the order and however unknown is treated', () => {
    fc.assert(
      fc.property(
        conditions(fc.constantFrom(...NAMES)),
        costs,
        fc.array(letters, { minLength: 5, maxLength: 5 }),
        fc.constantFrom(...TREATS),
        (tree, cost, given, treat) => {
          const values = Object.fromEntries(
            NAMES.map((name, index) => [name, value(given[index] ?? 'u') as SignalValue]),
          );
          const verdict = evaluate(ordered(tree, cost), name => values[name], treat, []);
          expect(treated(verdict as Truth, treat)).toBe(treated(kleene(tree, values), treat));
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('with some signals pending, answers only what holds however they come out, and needs only what is pending', () => {
    fc.assert(
      fc.property(
        conditions(fc.constantFrom('a', 'b', 'c')),
        fc.array(fc.constantFrom<Letter>('t', 'f', 'u', 'p'), { minLength: 3, maxLength: 3 }),
        fc.constantFrom(...TREATS),
        (tree, given, treat) => {
          const needs: string[] = [];
          const at = (name: string) => given[NAMES.indexOf(name)] ?? 'u';
          const verdict: Verdict = evaluate(tree, name => value(at(name)), treat, needs);
          expect(verdict === 'pending').toBe(needs.length > 0);
          for (const name of needs) expect(at(name)).toBe('p');
          if (verdict === 'pending') return;
          for (const values of completions(['a', 'b', 'c'], name => at(name))) {
            expect(treated(kleene(tree, values), treat)).toBe(treated(verdict, treat));
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('reads no signal that cannot change the answer', () => {
    fc.assert(
      fc.property(
        readOnceConditions(['a', 'b', 'c', 'd']),
        fc.array(fc.constantFrom<Letter>('t', 'f', 'u', 'p'), { minLength: 4, maxLength: 4 }),
        fc.constantFrom(...TREATS),
        (tree, given, treat) => {
          const names = signalsOf(tree);
          const known = new Map<string, Letter>();
          const seen = new Set<string>();
          const settle = (): string[] => {
            const needs: string[] = [];
            evaluate(
              tree,
              name => {
                const letter = known.get(name) ?? given[NAMES.indexOf(name)] ?? 'u';
                if (!seen.has(name)) expect(matters(tree, names, known, name, treat)).toBe(true);
                seen.add(name);
                if (letter !== 'p') known.set(name, letter);
                return value(letter);
              },
              treat,
              needs,
            );
            return needs;
          };
          // What is asked to be computed must matter too.
          for (const name of settle()) expect(matters(tree, names, known, name, treat)).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('asks for all that matters of what is pending at once', () => {
    const needs: string[] = [];
    const read = (name: string) => (name === 'a' ? value('t') : undefined);
    expect(evaluate(condition('a and (b or c) and d'), read, 'as-unknown', needs)).toBe('pending');
    expect(needs).toEqual(['b', 'c', 'd']);
  });
});

/** Every way in which pending signals can come out. */
function completions(names: readonly string[], at: (name: string) => Letter): Record<string, SignalValue>[] {
  return names.reduce<Record<string, SignalValue>[]>(
    (all, name) =>
      all.flatMap(one =>
        (at(name) === 'p' ? (['t', 'f', 'u'] as const) : [at(name)]).map(letter => ({
          ...one,
          [name]: value(letter) as SignalValue,
        })),
      ),
    [{}],
  );
}

/** Whether, given what is known, the value of `name` can make a difference, for some values of the rest. */
function matters(
  tree: Condition,
  names: readonly string[],
  known: ReadonlyMap<string, Letter>,
  name: string,
  treat: Treat,
) {
  const rest = completions(
    names.filter(other => other !== name),
    other => known.get(other) ?? 'p',
  );
  return rest.some(values => {
    const answers = (['t', 'f', 'u'] as const).map(letter =>
      treated(kleene(tree, { ...values, [name]: value(letter) as SignalValue }), treat),
    );
    return new Set(answers).size > 1;
  });
}

describe('order of evaluation', () => {
  test('inline before learned, cheap before dear, and what stands first among equals', () => {
    const cost = {
      model: { tier: 'learned', microseconds: 1 },
      slow: { tier: 'inline', microseconds: 60 },
      quick: { tier: 'inline', microseconds: 1 },
      also: { tier: 'inline', microseconds: 1 },
    } as const;
    const tree = orderByCost(
      condition('model and (model or quick) and slow and quick and also'),
      name => cost[name as 'slow'],
    );
    expect(JSON.stringify(tree).match(/(?<="name":")\w+/g)).toEqual([
      'quick',
      'also',
      'slow',
      'model',
      'quick',
      'model',
    ]);
  });
});

describe('explaining', () => {
  const values: Record<string, SignalValue> = {
    legal: { state: 'true', score: 1, evidence: '"indemnity"' },
    french: { state: 'false', score: 0.98, label: 'de', evidence: 'de 0.98' },
    big: { state: 'false', score: 120 },
    risky: { state: 'unknown', score: 0, evidence: 'deadline' },
  };
  test.each([
    ['legal and (big or not french)', 'as-unknown', 'legal: "indemnity"; french: de 0.98'],
    ['legal and big', 'as-unknown', 'big is false'],
    ['big or french', 'as-unknown', 'big is false; french: de 0.98'],
    ['big > 100 and legal', 'as-unknown', 'big is 120; legal: "indemnity"'],
    ['legal and risky', 'as-unknown', 'risky is unknown (deadline)'],
    ['legal and risky', 'as-true', 'legal: "indemnity"; risky is unknown (deadline)'],
    ['legal and risky', 'as-false', 'risky is unknown (deadline)'],
    ['legal or risky', 'as-unknown', 'legal: "indemnity"'],
  ] as const)('%s (%s) because %s', (source, treat, because) => {
    expect(explain(condition(source), name => values[name], treat)).toBe(because);
  });

  test('reads nothing that evaluation did not read', () => {
    fc.assert(
      fc.property(
        conditions(fc.constantFrom(...NAMES)),
        fc.array(letters, { minLength: 5, maxLength: 5 }),
        fc.constantFrom(...TREATS),
        (tree, given, treat) => {
          const reads = [new Set<string>(), new Set<string>()] as const;
          const reader = (seen: Set<string>) => (name: string) => {
            seen.add(name);
            return value(given[NAMES.indexOf(name)] ?? 'u');
          };
          evaluate(tree, reader(reads[0]), treat, []);
          expect(explain(tree, reader(reads[1]), treat)).not.toBe('');
          for (const name of reads[1]) expect(reads[0]).toContain(name);
        },
      ),
      { numRuns: 500 },
    );
  });
});
