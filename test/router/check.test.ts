import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { checkRouter } from '#router/check.js';
import { createRouter } from '#router/router.js';
import { routerSchema } from '#router/schema.js';
import { VirtualClock } from '../support/virtual-clock.js';
import { configured, facts } from './support.js';

const AROUND = {
  models: ['small', 'large'],
  pools: [
    { name: 'gpu', model: 'large' },
    { name: 'cpu', model: 'small' },
  ],
};
const GOOD = {
  signals: {
    legal: { keyword: { any: ['tort'] } },
    french: { language: ['fr'] },
    tier: { metadata: { header: 'x-tier' } },
    big: { context: { above: '8k' } },
  },
  decisions: [
    {
      name: 'counsel',
      when: 'legal and (french == fr or tier == gold) and big > 8k',
      models: ['large'],
      pools: ['gpu'],
    },
    { name: 'rest', when: 'otherwise', models: ['small', 'large'], select: { weighted: { small: 9, large: 1 } } },
  ],
  tests: [{ prompt: 'tort', expect: 'rest', expect_model: 'small', signals: { legal: false } }],
};

function problems(change: Record<string, unknown>) {
  return checkRouter(configured({ ...GOOD, ...change }), AROUND);
}

function withDecision(decision: Record<string, unknown>) {
  return problems({
    decisions: [{ name: 'x', when: 'legal', models: ['large'], ...decision }, GOOD.decisions[1]],
    tests: [],
  });
}

describe('checking', () => {
  test('finds nothing wrong with what is right, and that builds', () => {
    expect(problems({})).toEqual([]);
    expect(() =>
      createRouter(configured(GOOD), { clock: new VirtualClock(), models: [facts('small'), facts('large')] }),
    ).not.toThrow();
  });

  test('a text that is an example of two routes is a doubt, of one alone twice it is none', () => {
    const routes = { refund: ['money back', 'money back', 'refund'], swap: ['another size', ' money back '] };
    expect(problems({ routes })).toMatchObject([
      {
        level: 'warning',
        code: 'config.duplicate',
        path: ['routes', 'swap', 1],
        message: expect.stringContaining('refund'),
      },
    ]);
  });

  test('models that find personal data, and kinds that nothing finds', () => {
    const ner = { path: '/models/ner' };
    const paths = (privacy: object) =>
      problems({ learned: { classifiers: { ner } }, privacy }).map(({ path, unknown }) => [
        path.join('.'),
        unknown?.name,
      ]);
    const right = { kinds: { email: 'mask', disease: 'mask' }, models: { ner: { DIS: 'disease', MISC: 'off' } } };
    expect(paths(right)).toEqual([]);
    expect(paths({ ...right, models: { nre: { DIS: 'disease' } } })).toEqual([['privacy.models.nre', 'nre']]);
    expect(paths({ kinds: { emial: 'mask' } })).toEqual([['privacy.kinds.emial', 'emial']]);
  });

  test('the state of a pool or a model needs no declaration', () => {
    expect(withDecision({ when: 'pool.gpu.queue > 4 or not pool.small.headroom > 0.2' })).toEqual([]);
  });

  test.each([
    ['an unknown signal', { when: 'legal and leagl' }, 'config.unknown_reference', ['decisions', 0, 'when'], 10],
    [
      'the state of what is no pool',
      { when: 'pool.gqu.queue > 4' },
      'config.unknown_reference',
      ['decisions', 0, 'when'],
      0,
    ],
    [
      'a label of the state of a pool',
      { when: 'pool.gpu.queue == long' },
      'config.invalid',
      ['decisions', 0, 'when'],
      18,
    ],
    ['what does not parse', { when: 'legal and' }, 'policy.syntax', ['decisions', 0, 'when'], 9],
    ['a label of what has none', { when: 'legal == tort' }, 'config.invalid', ['decisions', 0, 'when'], 9],
    [
      'a label that never occurs',
      { when: 'french == francais' },
      'config.unknown_reference',
      ['decisions', 0, 'when'],
      10,
    ],
    [
      'an unknown model',
      { models: ['large', 'medium'] },
      'config.unknown_reference',
      ['decisions', 0, 'models', 1],
      undefined,
    ],
    ['a model twice', { models: ['large', 'large'] }, 'config.duplicate', ['decisions', 0, 'models', 1], undefined],
    ['an unknown pool', { pools: ['gpu', 'tpu'] }, 'config.unknown_reference', ['decisions', 0, 'pools', 1], undefined],
    ['a model that the pools lack', { pools: ['cpu'] }, 'config.invalid', ['decisions', 0, 'models', 0], undefined],
    [
      'wrong weights',
      { select: { weighted: { small: 1 } } },
      'config.missing',
      ['decisions', 0, 'select', 'weighted'],
      undefined,
    ],
    ['a reserved name', { name: 'direct' }, 'config.invalid', ['decisions', 0, 'name'], undefined],
    ['a name twice', { name: 'rest' }, 'config.duplicate', ['decisions', 1, 'name'], undefined],
    ['a second otherwise', { when: 'otherwise' }, 'policy.unreachable', ['decisions', 1, 'when'], undefined],
  ])('finds %s', (_what, decision, code, path, offset) => {
    const [first] = withDecision(decision);
    expect(first).toMatchObject({ code, path, level: 'error' });
    expect(first?.offset).toBe(offset);
  });

  test('offers the names there are', () => {
    expect(withDecision({ when: 'leagl' })[0]?.unknown).toEqual({
      name: 'leagl',
      known: ['legal', 'french', 'tier', 'big'],
    });
  });

  test('finds what is wrong with signals, names and tests', () => {
    expect(problems({ signals: { ...GOOD.signals, bad: { keyword: { regex: ['(x)\\1'] } } } })).toMatchObject([
      { code: 'config.unsafe_pattern', path: ['signals', 'bad', 'keyword', 'regex', 0] },
    ]);
    expect(problems({ names: ['auto', 'small', 'auto'] })).toMatchObject([
      { code: 'config.duplicate', path: ['names', 2] },
      { code: 'config.duplicate', path: ['names', 1] },
    ]);
    const tests = [{ prompt: 'x', expect: 'nobody', expect_model: 'huge', model: 'none', signals: { lgeal: true } }];
    expect(problems({ tests }).map(({ path }) => path.at(-1))).toEqual(['expect', 'expect_model', 'model', 'lgeal']);
  });

  test('warns of a policy that leaves requests over', () => {
    expect(problems({ decisions: GOOD.decisions.slice(0, 1), tests: [] })).toMatchObject([
      { code: 'policy.incomplete', level: 'warning', path: ['decisions'] },
    ]);
    expect(problems({ decisions: [], tests: [] })).toEqual([]);
  });
});

describe('the schema', () => {
  const issue = (block: unknown) => routerSchema.safeParse(block).error?.issues[0];

  test('fills in what is not said', () => {
    expect(configured({ decisions: [{ name: 'a', when: 'otherwise', models: ['m'] }] })).toMatchObject({
      names: ['auto'],
      signals: {},
      signal_deadline: 200,
      tests: [],
      decisions: [
        {
          tier: 1,
          priority: 0,
          on_unknown: 'skip',
          strategy: { type: 'fallback', options: {} },
          select: { type: 'static', options: {} },
        },
      ],
    });
  });

  test.each([
    ['a kind of signal that is none', { signals: { a: { keywords: {} } } }, ['signals', 'a'], /keywords/],
    [
      'two kinds',
      { signals: { a: { language: 'fr', context: { above: 1 } } } },
      ['signals', 'a'],
      /exactly one of keyword/,
    ],
    ['none', { signals: { a: {} } }, ['signals', 'a'], /exactly one of keyword/],
    ['a wrong option', { signals: { a: { context: { abov: 1 } } } }, ['signals', 'a', 'context'], /abov/],
    ['a reserved name', { signals: { not: { language: 'fr' } } }, ['signals', 'not'], /./],
    [
      'models and an answer',
      { decisions: [{ name: 'a', when: 'b', models: ['m'], respond: 'x' }] },
      ['decisions', 0],
      /exactly one/,
    ],
    ['neither', { decisions: [{ name: 'a', when: 'b' }] }, ['decisions', 0], /exactly one of models, respond, refuse/],
    [
      'a header that is not its own',
      { decisions: [{ name: 'a', when: 'b', models: ['m'], headers: { Host: 'x' } }] },
      ['decisions', 0, 'headers', 'Host'],
      /./,
    ],
    [
      'a header that breaks the line',
      { decisions: [{ name: 'a', when: 'b', models: ['m'], headers: { 'x-a': 'a\r\nb: c' } }] },
      ['decisions', 0, 'headers', 'x-a'],
      /printable/,
    ],
    ['a test of nothing', { tests: [{ prompt: 'x' }] }, ['tests', 0], /at least one of expect/],
  ])('refuses %s', (_what, block, path, message) => {
    const found = issue(block);
    expect(found?.path).toEqual(path);
    expect(JSON.stringify(found)).toMatch(message);
  });

  test('can be told as JSON Schema, every key with its description', () => {
    const json = z.toJSONSchema(routerSchema, { io: 'input' });
    const bare: string[] = [];
    const walk = (node: unknown, at: string): void => {
      if (typeof node !== 'object' || node === null) return;
      if ('properties' in node) {
        for (const [key, property] of Object.entries(node.properties as Record<string, { description?: string }>)) {
          if (property.description === undefined) bare.push(`${at}.${key}`);
        }
      }
      for (const [key, inner] of Object.entries(node)) walk(inner, `${at}.${key}`);
    };
    walk(json, '');
    expect(bare).toEqual([]);
  });
});
