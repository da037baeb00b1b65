import { describe, expect, test } from 'vitest';
import { parse, POOL, problemsOf, ROUTER, VALID } from './parse.js';

interface Broken {
  readonly name: string;
  readonly text: string;
  /** `code line:column path`, each problem in the order of the text. */
  readonly problems: readonly string[];
  readonly message?: RegExp;
  readonly hint?: RegExp;
}

const pool = (text: string) => `${ROUTER}pool:\n${text}`;
const LOCAL = 'replicas: [http://127.0.0.1:1]';

const BROKEN: readonly Broken[] = [
  {
    name: 'a tab as indentation',
    text: 'pool:\n\tmodels: {}\n',
    problems: ['config.syntax 2:1 '],
    hint: /spaces/,
  },
  { name: 'an unclosed list', text: `${VALID}gateway: [\n`, problems: ['config.syntax 8:1 '] },
  { name: 'an unknown tag', text: `${VALID}gateway: !secret {}\n`, problems: ['config.syntax 7:10 '] },
  { name: 'two documents', text: `${VALID}---\na: 1\n`, problems: ['config.syntax 7:1 '] },
  { name: 'an alias of what it stands in', text: `${VALID}gateway: &g { listen: *g }\n`, problems: [
    'config.unknown_key 7:15 gateway.listen.listen',
    'config.syntax 7:23 gateway.listen.listen.listen.listen.listen.listen.listen',
  ] },
  { name: 'a list instead of a mapping', text: '- pool\n', problems: ['config.invalid 1:1 '], message: /a mapping, not a list/ },
  { name: 'nothing at all', text: '', problems: ['config.missing 1:1 pool'] },
  {
    name: 'an unknown block',
    text: `${VALID}gatway: {}\n`,
    problems: ['config.unknown_key 7:1 gatway'],
    hint: /did you mean "gateway"\?/,
  },
  {
    name: 'an unknown key, letters swapped',
    text: `${VALID}gateway:\n  listen: { prot: 1 }\n`,
    problems: ['config.unknown_key 8:13 gateway.listen.prot'],
    hint: /did you mean "port"\?/,
  },
  {
    name: 'an unknown key like no other',
    text: `${VALID}gateway:\n  listen: { banana: 1 }\n`,
    problems: ['config.unknown_key 8:13 gateway.listen.banana'],
    hint: /^one of host, port, insecure$/,
  },
  {
    name: 'an unknown key in an entry of a list',
    text: pool(`  models: { small: {} }\n  pools: { a: { model: small, replicas: [{ url: "http://a", wieght: 2 }] } }\n`),
    problems: ['config.unknown_key 6:61 pool.pools.a.replicas[0].wieght'],
    hint: /did you mean "weight"\?/,
  },
  {
    name: 'a misspelt choice',
    text: `${VALID}gateway: { log: { level: inof } }\n`,
    problems: ['config.invalid 7:26 gateway.log.level'],
    message: /"inof" is not allowed/,
    hint: /did you mean "info"\?/,
  },
  {
    name: 'a duration without a unit',
    text: `${VALID}gateway: { drain: 30 }\n`,
    problems: ['config.invalid 7:19 gateway.drain'],
    message: /a duration with a unit, such as 500ms/,
  },
  {
    name: 'a duration in a unit that there is not',
    text: `${VALID}gateway: { drain: 30parsec }\n`,
    problems: ['config.invalid 7:19 gateway.drain'],
    message: /a duration with a unit/,
  },
  {
    name: 'a size without a unit',
    text: `${VALID}gateway: { limits: { body: 32 } }\n`,
    problems: ['config.invalid 7:28 gateway.limits.body'],
    message: /a size with a unit/,
  },
  {
    name: 'a port out of range',
    text: `${VALID}gateway: { listen: { port: 99999 } }\n`,
    problems: ['config.invalid 7:28 gateway.listen.port'],
    message: /at most 65535/,
  },
  {
    name: 'an address that other machines can reach',
    text: `${VALID}gateway: { listen: { host: 0.0.0.0 } }\n`,
    problems: ['config.invalid 7:28 gateway.listen.host'],
    hint: /insecure/,
  },
  {
    name: 'a price that is none',
    text: pool(`  models: { small: { price: { prompt: cheap } } }\n  pools: { a: { model: small, ${LOCAL} } }\n`),
    problems: ['config.invalid 5:39 pool.models.small.price.prompt'],
    message: /USD per 1M tokens/,
  },
  {
    name: 'a name with a space',
    text: pool(`  models: { small: {}, "two words": {} }\n  pools: { a: { model: small, ${LOCAL} } }\n`),
    problems: ['config.invalid 5:24 pool.models["two words"]'],
  },
  {
    name: 'a model that stands twice',
    text: pool(`  models: { small: {}, small: {} }\n  pools: { a: { model: small, ${LOCAL} } }\n`),
    problems: ['config.duplicate 5:24 pool.models.small'],
  },
  {
    name: 'a pool that stands twice',
    text: pool(`  models: { small: {} }\n  pools:\n    a: { model: small, ${LOCAL} }\n    a: { model: small, ${LOCAL} }\n`),
    problems: ['config.duplicate 8:5 pool.pools.a'],
  },
  {
    name: 'a pool with neither replicas nor simulation',
    text: pool(`  models: { small: {} }\n  pools: { a: { model: small } }\n`),
    problems: ['config.invalid 6:15 pool.pools.a'],
  },
  {
    name: 'a range with its ends swapped',
    text: pool(
      `  models: { small: {} }\n  pools: { a: { model: small, ${LOCAL}, circuit: { open_for: 1m, open_at_most: 1s } } }\n`,
    ),
    problems: ['config.range 6:102 pool.pools.a.circuit.open_at_most'],
  },
  {
    name: 'no pool block',
    text: ROUTER,
    problems: ['config.missing 1:1 pool'],
  },
  {
    name: 'a variable that is not set',
    text: pool(`  models: { small: {} }\n  pools: { a: { model: small, ${LOCAL}, api_key: "\${NOPE}" } }\n`),
    problems: ['config.secret 6:72 pool.pools.a.api_key'],
    message: /environment variable NOPE/,
    hint: /\$\{NOPE:-/,
  },
  {
    name: 'a variable without quotes between braces',
    text: `${VALID}gateway: { drain: \${A} }\n`,
    problems: ['config.syntax 7:20 ', 'config.syntax 7:21 ', 'config.syntax 7:24 '],
    hint: /needs quotes/,
  },
  {
    name: 'a secret in a file that does not exist',
    text: pool(`  models: { small: {} }\n  pools: { a: { model: small, ${LOCAL}, api_key: "file:nope" } }\n`),
    problems: ['config.secret 6:72 pool.pools.a.api_key'],
    message: /nope cannot be read \(ENOENT\)/,
  },
  {
    name: 'a reference that is not closed',
    text: `${VALID}gateway: { drain: "\${A" }\n`,
    problems: ['config.secret 7:19 gateway.drain'],
    hint: /\$\$\{/,
  },
  {
    name: 'several mistakes in several blocks',
    text: `${VALID}gateway: { listen: { prot: 1 }, drain: 1 }\nworkload: { slo: { ttft_p99: fast } }\n`,
    problems: [
      'config.unknown_key 7:22 gateway.listen.prot',
      'config.invalid 7:40 gateway.drain',
      'config.invalid 8:30 workload.slo.ttft_p99',
    ],
  },
];

describe('a broken file', () => {
  test.each(BROKEN)('$name', ({ text, problems, message, hint }) => {
    const found = problemsOf(text);
    expect(found.map(({ code, line, column, path }) => `${code} ${line}:${column} ${path}`)).toEqual(problems);
    if (message !== undefined) expect(found[0]?.message).toMatch(message);
    if (hint !== undefined) expect(found[0]?.hint).toMatch(hint);
  });

  test('is the reason for every problem: without the mistake there is none', () => {
    const result = parse(VALID);
    expect(result.ok ? result.warnings : result.problems).toEqual([]);
  });

  test(`gives at most a hundred problems`, () => {
    const keys = Array.from({ length: 300 }, (_, index) => `  wrong${index}: 1`).join('\n');
    expect(problemsOf(`${VALID}gateway:\n${keys}\n`)).toHaveLength(100);
  });

  test('that is too long is not read', () => {
    const found = problemsOf(`${VALID}# ${'x'.repeat(4 * 1024 * 1024)}`);
    expect(found).toMatchObject([{ code: 'config.syntax', message: 'the file is longer than 4 MiB' }]);
  });

  test('whose aliases multiply is not expanded', () => {
    const levels = Array.from({ length: 9 }, (_, level) => {
      const previous = `*l${level}`;
      return `l${level + 1}: &l${level + 1} [${Array(10).fill(previous).join(', ')}]`;
    });
    const found = problemsOf(`l0: &l0 [x]\n${levels.join('\n')}\n${POOL}`);
    expect(found.some(({ code, message }) => code === 'config.syntax' && /200000 values/.test(message))).toBe(true);
  });
});
