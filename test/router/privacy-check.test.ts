import { describe, expect, it } from 'vitest';
import { checkRouter } from '#router/check.js';
import { configured } from './support.js';

const MODELS = { models: ['m'], pools: [] };

function problems(block: object): unknown[] {
  const decisions = [{ name: 'rest', when: 'otherwise', models: ['m'] }];
  return checkRouter(configured({ decisions, ...block }), MODELS).map(({ code, path, unknown }) => [
    code,
    path.join('.'),
    ...(unknown === undefined ? [] : [unknown.name]),
  ]);
}

const patterns = { employee: { pattern: '\\bE-\\d{6}\\b' }, case_number: { pattern: ['\\d{1,5}/\\d{2}'] } };
const learned = { classifiers: { drugs: { path: '/none' } } };
const models = { drugs: { DIS: 'disease', X: 'off' } };
const UNKNOWN = 'config.unknown_reference';

describe('kinds of personal data that a configuration defines', () => {
  it('stand wherever kinds stand', () => {
    const kinds = { employee: 'mask', case_number: 'log', disease: 'block' };
    const signals = {
      one: { pii: 'employee' },
      some: { pii: ['email', 'case_number', 'disease'] },
      many: { pii: { any: ['employee'], above: 2 } },
      all: { pii: {} },
    };
    const decisions = [
      { name: 'staff', when: 'one == "employee" and all == "disease"', models: ['m'] },
      { name: 'rest', when: 'otherwise', models: ['m'] },
    ];
    expect(problems({ learned, privacy: { kinds, patterns, models }, signals, decisions })).toEqual([]);
  });

  it('are named when they are not defined', () => {
    const privacy = { kinds: { employe: 'mask', off: 'log' }, patterns, models };
    const signals = {
      one: { pii: 'emplyee' },
      some: { pii: ['email', 'diseas'] },
      many: { pii: { any: ['case_number', 'case_nmber'] } },
    };
    const decisions = [
      { name: 'staff', when: 'some == "person" or some == "staff"', models: ['m'] },
      { name: 'rest', when: 'otherwise', models: ['m'] },
    ];
    expect(problems({ learned, privacy, signals, decisions })).toEqual([
      [UNKNOWN, 'privacy.kinds.employe', 'employe'],
      [UNKNOWN, 'privacy.kinds.off', 'off'],
      [UNKNOWN, 'signals.one.pii', 'emplyee'],
      [UNKNOWN, 'signals.some.pii.1', 'diseas'],
      [UNKNOWN, 'signals.many.pii.any.1', 'case_nmber'],
      [UNKNOWN, 'decisions.0.when', 'staff'],
    ]);
  });

  it.each([
    ['(a)\\1', 'config.unsafe_pattern'],
    ['\\d+', 'config.unsafe_pattern'],
    ['\\d{129}', 'config.unsafe_pattern'],
    ['(?<=a{100})b{40}', 'config.unsafe_pattern'],
    ['(?i)abc', 'config.unsafe_pattern'],
    ['[', 'config.unsafe_pattern'],
    ['\\d{0,9}', 'config.invalid'],
    ['x', 'config.invalid'],
  ])('cannot be told by %s', (pattern, code) => {
    expect(problems({ privacy: { patterns: { one_kind: { pattern } } } })).toEqual([
      [code, 'privacy.patterns.one_kind.pattern'],
    ]);
    expect(problems({ privacy: { patterns: { one_kind: { pattern: ['ok', pattern] } } } })).toEqual([
      [code, 'privacy.patterns.one_kind.pattern.1'],
    ]);
  });
});
