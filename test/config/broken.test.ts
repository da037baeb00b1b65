import { describe, expect, test } from 'vitest';
import { POOL, parse, problemsOf, ROUTER, VALID } from './parse.js';

interface Broken {
  readonly name: string;
  readonly text: string;
  /** `code line:column path` of each problem, in the order of the text. */
  readonly problems: readonly string[];
  readonly message?: RegExp;
  readonly hint?: RegExp;
}

const pool = (text: string) => `${ROUTER}pool:\n${text}`;
const policy = (decision: string) => `router:
  signals:
    { legal: { keyword: { any: [tort] } }, big: { context: { above: 8k } } }
  decisions:
    - ${decision}
    - { name: default, when: otherwise, models: [small] }
${POOL}`;
const simulation = (text: string) =>
  `pool:\n  models: { small: {} }\n  pools: { a: { model: small, simulate: { ${text} } } }\n`;
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
  {
    name: 'an alias of what it stands in',
    text: `${VALID}gateway: &g { listen: *g }\n`,
    problems: [
      'config.unknown_key 7:15 gateway.listen.listen',
      'config.syntax 7:23 gateway.listen.listen.listen.listen.listen.listen.listen',
    ],
  },
  {
    name: 'a list instead of a mapping',
    text: '- pool\n',
    problems: ['config.invalid 1:1 '],
    message: /a mapping, not a list/,
  },
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
    text: pool(
      `  models: { small: {} }\n  pools: { a: { model: small, replicas: [{ url: "http://a", wieght: 2 }] } }\n`,
    ),
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
    text: pool(
      `  models: { small: {} }\n  pools:\n    a: { model: small, ${LOCAL} }\n    a: { model: small, ${LOCAL} }\n`,
    ),
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
    name: 'a signal that is not defined',
    text: policy('{ name: a, when: legal and (big or legl), models: [small] }'),
    problems: ['config.unknown_reference 5:42 router.decisions[0].when'],
    hint: /did you mean "legal"\?/,
  },
  {
    name: 'a condition that cannot be parsed',
    text: policy('{ name: a, when: legal and, models: [small] }'),
    problems: ['policy.syntax 5:33 router.decisions[0].when'],
  },
  {
    name: 'a model that is not defined',
    text: policy('{ name: a, when: legal, models: [small, smal] }'),
    problems: ['config.unknown_reference 5:47 router.decisions[0].models[1]'],
    hint: /did you mean "small"\?/,
  },
  {
    name: 'a pool that is not defined',
    text: policy('{ name: a, when: legal, models: [small], pools: [gpus] }'),
    problems: [
      'config.invalid 5:40 router.decisions[0].models[0]',
      'config.unknown_reference 5:56 router.decisions[0].pools[0]',
    ],
  },
  {
    name: 'a selector that there is not',
    text: policy('{ name: a, when: legal, models: [small], select: cheepest }'),
    problems: ['config.invalid 5:56 router.decisions[0].select'],
    hint: /did you mean "cheapest"\?/,
  },
  {
    name: 'an option that a selector does not have',
    text: policy('{ name: a, when: legal, models: [small], select: { multi_factor: { latensy: 1 } } }'),
    problems: ['config.unknown_key 5:74 router.decisions[0].select.multi_factor.latensy'],
    hint: /did you mean "latency"\?/,
  },
  {
    name: 'a strategy that there is not',
    text: policy('{ name: a, when: legal, models: [small], strategy: fall_back }'),
    problems: ['config.invalid 5:58 router.decisions[0].strategy'],
    hint: /did you mean "fallback"\?/,
  },
  {
    name: 'a decision that stands twice',
    text: policy('{ name: default, when: legal, models: [small] }'),
    problems: ['config.duplicate 6:15 router.decisions[1].name'],
  },
  {
    name: 'a decision that does nothing',
    text: policy('{ name: a, when: legal }'),
    problems: ['config.invalid 5:7 router.decisions[0]'],
    message: /expected exactly one of models, respond, refuse/,
  },
  {
    name: 'a signal of a type that there is not',
    text: `router: { signals: { a: { keywrd: { any: [b] } } } }\n${POOL}`,
    problems: ['config.unknown_key 1:27 router.signals.a.keywrd'],
    hint: /did you mean "keyword"\?/,
  },
  {
    name: 'a range that nothing is in',
    text: `router: { signals: { a: { context: { above: 8k, below: 4k } } } }\n${POOL}`,
    problems: ['config.range 1:56 router.signals.a.context.below'],
  },
  {
    name: 'a range of counts that nothing is in',
    text: `router: { signals: { a: { conversation: { turns: { above: 3, below: 4 } } } } }\n${POOL}`,
    problems: ['config.range 1:50 router.signals.a.conversation.turns'],
  },
  {
    name: 'a pattern that can run away',
    text: `router: { signals: { a: { keyword: { regex: ['(a+)+$', '('] } } } }\n${POOL}`,
    problems: ['config.unsafe_pattern 1:58 router.signals.a.keyword.regex[1]'],
  },
  {
    name: 'a virtual name that is a real one',
    text: `router: { names: [auto, small] }\n${POOL}`,
    problems: ['config.duplicate 1:25 router.names[1]'],
  },
  {
    name: 'a test that expects what there is not',
    text: `router: { tests: [{ prompt: hi, expect: defalt }] }\n${POOL}`,
    problems: ['config.unknown_reference 1:41 router.tests[0].expect'],
    hint: /did you mean "default"\?/,
  },
  {
    name: 'a model that no pool serves',
    text: `pool:\n  models: { small: {}, idle: {} }\n  pools: { a: { model: small, ${LOCAL} } }\n`,
    problems: ['config.missing 2:24 pool.models.idle'],
  },
  {
    name: 'a pool of a model that is not defined',
    text: `pool:\n  models: { small: {} }\n  pools:\n    a: { model: small, ${LOCAL} }\n    b: { model: smal, ${LOCAL} }\n`,
    problems: ['config.unknown_reference 5:17 pool.pools.b.model'],
    hint: /did you mean "small"\?/,
  },
  {
    name: 'a replica that stands twice',
    text: `pool:\n  models: { small: {} }\n  pools: { a: { model: small, replicas: [http://a:1, http://a:1/v1/] } }\n`,
    problems: ['config.duplicate 3:54 pool.pools.a.replicas[1]'],
  },
  {
    name: 'no model at all',
    text: 'pool: { models: {}, pools: {} }\n',
    problems: ['config.missing 1:9 pool.models'],
  },
  {
    name: 'a simulated model that the catalogue does not have',
    text: simulation('model: qwen3-8c, gpu: l40s'),
    problems: ['config.unknown_reference 3:50 pool.pools.a.simulate.model'],
    hint: /did you mean "qwen3-8b"\?/,
  },
  {
    name: 'a simulated GPU that the catalogue does not have',
    text: simulation('model: qwen3-8b, gpu: l4s'),
    problems: ['config.unknown_reference 3:65 pool.pools.a.simulate.gpu'],
    hint: /did you mean "l40s"\?/,
  },
  {
    name: 'weights that no kernel on the GPU multiplies',
    text: pool(`  models: { small: { weights: int8 } }\n  pools: { a: { model: small, gpu: b200, ${LOCAL} } }\n`),
    problems: ['config.range 6:12 pool.pools.a.weights'],
    message: /no int8 kernels for b200/,
    hint: /fp8/,
  },
  {
    name: 'the same of simulated engines',
    text: 'pool:\n  models: { small: {} }\n  pools: { a: { model: small, weights: int8, simulate: { model: qwen3-8b, gpu: b60 } } }\n',
    problems: ['config.range 3:56 pool.pools.a.simulate'],
    hint: /int4/,
  },
  {
    name: 'an unknown precision',
    text: pool(`  models: { small: { weights: fp88 } }\n  pools: { a: { model: small, ${LOCAL} } }\n`),
    problems: ['config.invalid 5:31 pool.models.small.weights'],
    hint: /fp8/,
  },
  {
    name: 'weights of a provider',
    text: pool(
      '  models: { small: {} }\n  pools: { a: { model: small, cloud: "https://api.example.com", kv_cache: fp8 } }\n',
    ),
    problems: ['config.invalid 6:75 pool.pools.a.kv_cache'],
  },
  {
    name: 'KV that the pool which answers could not read',
    text: pool(
      `  models: { small: {} }\n  pools:\n    a: { model: small, prefill: { pool: b }, ${LOCAL} }\n    b: { model: small, kv_cache: fp8, replicas: [http://127.0.0.1:2] }\n`,
    ),
    problems: ['config.invalid 7:41 pool.pools.a.prefill.pool'],
    message: /KV cache of "b" is fp8/,
    hint: /same kv_cache/,
  },
  {
    name: 'a simulated model that does not fit its GPU',
    text: simulation('model: llama-3.1-70b, gpu: l40s'),
    problems: ['config.range 3:41 pool.pools.a.simulate'],
    hint: /tp: \d+ would do/,
  },
  {
    name: 'an unknown name, although another block is broken',
    text: `${policy('{ name: a, when: legl, models: [smal] }')}gateway: { drain: 1 }\n`,
    problems: [
      'config.unknown_reference 5:24 router.decisions[0].when',
      'config.unknown_reference 5:39 router.decisions[0].models[0]',
      'config.invalid 10:19 gateway.drain',
    ],
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

  test.each([
    [
      'a policy without otherwise',
      'router: { decisions: [{ name: a, when: s, models: [small] }], signals: { s: { language: fr } } }',
      ['policy.incomplete 1:22 router.decisions'],
    ],
    [
      'a signal that no decision reads',
      'router: { signals: { s: { language: fr } } }',
      ['config.unused 1:22 router.signals.s'],
    ],
  ])('%s is a warning', (_, router, expected) => {
    const result = parse(`${router}\n${POOL}`);
    expect(result.ok).toBe(true);
    expect(result.warnings.map(({ code, line, column, path }) => `${code} ${line}:${column} ${path}`)).toEqual(
      expected,
    );
  });

  test('a model that no decision names, and a GPU that nothing is known of, are warnings', () => {
    const result = parse(`${ROUTER}pool:
  models: { small: {}, spare: {}, vectors: { kind: embedding } }
  pools: { a: { model: small, ${LOCAL} }, b: { model: spare, gpu: abacus, ${LOCAL} }, c: { model: vectors, ${LOCAL} } }
`);
    expect(result.ok).toBe(true);
    expect(result.warnings.map(({ code, path }) => `${code} ${path}`)).toEqual([
      'config.unused pool.models.spare',
      'config.unknown_reference pool.pools.b.gpu',
    ]);
  });

  test('a model that only conversations at risk go to is named by that', () => {
    const router = ROUTER.replace('router:', 'router:\n  safety: { conversation: { models: [spare] } }');
    const result = parse(`${router}pool:
  models: { small: {}, spare: {} }
  pools: { a: { model: small, ${LOCAL} }, b: { model: spare, ${LOCAL} } }
`);
    expect([result.ok, result.warnings]).toEqual([true, []]);
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
