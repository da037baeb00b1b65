// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to variables in weir.yaml look like that.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { DEMONSTRATION } from '#config/demonstration.js';
import { formatPath } from '#config/problem.js';
import { parse, VALID } from './parse.js';

const SECRET = 'sk-9fQz7RtX2mVb5LpW';

/** Words of real files, so that what is generated gets past the first key. */
const WORDS = [...new Set(DEMONSTRATION.match(/[A-Za-z_][\w-]*/g))];
const key = fc.oneof(
  fc.constantFrom(...WORDS),
  fc.string({ maxLength: 12 }),
  fc.constantFrom('__proto__', 'constructor'),
);
const leaf = fc.oneof(
  fc.constantFrom(...WORDS, 'otherwise', '8k', '500ms', '${SECRET}', 'file:/secret', '${', '$${', 'auto'),
  fc.string({ maxLength: 20 }),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
);
const { tree } = fc.letrec(tie => ({
  tree: fc.oneof({ depthSize: 'small' }, leaf, tie('list'), tie('mapping')),
  list: fc.array(tie('tree'), { maxLength: 4 }),
  mapping: fc
    .array(fc.tuple(key, tie('tree')), { maxLength: 6 })
    .map(entries => new Map(entries as [string, unknown][])),
}));

const sources = { env: { SECRET }, files: { '/secret': SECRET } };

function check(text: string): void {
  const result = parse(text, sources);
  if (result.ok) return;
  expect(result.problems.length).toBeGreaterThan(0);
  expect(result.problems.length).toBeLessThanOrEqual(100);
  for (const { message, line, column } of result.problems) {
    expect(message).not.toBe('');
    expect(line).toBeGreaterThan(0);
    expect(column).toBeGreaterThan(0);
  }
  for (let at = 0; at + 6 <= SECRET.length; at++) {
    expect(JSON.stringify(result.problems)).not.toContain(SECRET.slice(at, at + 6));
  }
}

describe('the loader gives a result, never an exception, for', () => {
  test('any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), check));
  });

  test('anything that looks like YAML', () => {
    const piece = fc.constantFrom(
      ...'{}[]:,-?!&*|>%@#"\'\n \t'.split(''),
      '\n  ',
      ': ',
      '- ',
      '&a ',
      '*a',
      ...WORDS.slice(0, 20),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 80 }).map(pieces => pieces.join('')),
        check,
      ),
    );
  });

  test('any tree of values', () => {
    fc.assert(fc.property(tree, value => check(stringify(value))));
  });

  test('a valid file with one line changed', () => {
    const lines = DEMONSTRATION.split('\n');
    fc.assert(
      fc.property(fc.nat(lines.length - 1), leaf, fc.nat(80), (at, value, column) => {
        const line = lines[at] ?? '';
        check(lines.with(at, `${line.slice(0, column)}${String(value)}${line.slice(column)}`).join('\n'));
      }),
    );
  });

  test('deep nesting', () => {
    for (const text of [
      '['.repeat(10_000),
      '{a: '.repeat(5000),
      '- '.repeat(5000),
      `${VALID}gateway: ${'['.repeat(3000)}${']'.repeat(3000)}`,
    ]) {
      check(text);
    }
  });
});

describe('a secret is never echoed', () => {
  const places = [
    'gateway.drain',
    'gateway.log.level',
    'gateway.limits.body',
    'gateway.listen.host',
    'workload.slo.ttft_p99',
  ];

  test.each([...places, 'workload.session_headers', 'pool', 'pool.models', 'pool.pools.gpu'])('at %s', path => {
    const value = path.split('.').reduceRight<unknown>((inner, step) => ({ [step]: inner }), '${SECRET} ${SECRET}!');
    check(stringify(value));
  });

  test('as a key of what repeats it', () => {
    check(`${VALID}gateway: { ${SECRET}: 1, drain: "\${SECRET}" }\n`);
  });
});

test('paths are written so that they can be read back by people', () => {
  expect(formatPath(['router', 'decisions', 1, 'when'])).toBe('router.decisions[1].when');
  expect(formatPath(['pool', 'models', 'gpt-4.1', 'price'])).toBe('pool.models["gpt-4.1"].price');
  expect(formatPath([])).toBe('');
});
