import { describe, expect, test } from 'vitest';
import { keyword } from '#router/signals/keyword.js';
import { MAX_SCANNED } from '#router/signals/scope.js';
import { message, request } from '../support.js';
import { accepts, problemsOf, readOf } from './build.js';

describe('terms', () => {
  test.each([
    ['whole words only', ['tort'], 'a tortoise and a retort', 'false'],
    ['in whatever case', ['Tort'], 'what is a TORT?', 'true'],
    ['past a part of a longer word', ['tort'], 'tortoise; tort', 'true'],
    ['the shorter where the longer is part of a word', ['new', 'new york'], 'new yorkers', 'true'],
    ['accents are letters', ['na'], 'naïve, ná', 'false'],
    ['a combining mark belongs to its letter', ['cafe'], 'cafe\u0301s', 'false'],
    ['accented words', ['été'], "L'ÉTÉ dernier", 'true'],
    ['digits and underscores are part of a word', ['tls'], 'tls_1 tls2', 'false'],
    ['punctuation at the ends is literal', ['c++'], 'written in C++.', 'true'],
    ['nothing in a term is a pattern', ['a.c', '(x'], 'abc (y', 'false'],
    ['any white space between words', ['new york'], 'new\n  York', 'true'],
    ['Chinese anywhere', ['合同'], '这份合同的条款', 'true'],
    ['Japanese anywhere', ['けいやく'], 'このけいやくは', 'true'],
    ['Thai anywhere', ['สัญญา'], 'อ่านสัญญานี้', 'true'],
    ['Korean with its particles', ['계약'], '이 계약은', 'true'],
    ['a Latin word amid Chinese', ['python'], '使用python编程', 'true'],
    ['Arabic whole words', ['عقد'], 'هذا عقد جديد', 'true'],
    ['Arabic not inside words', ['عقد'], 'معقدات', 'false'],
    ['letters outside the basic plane', ['𝒳'], '𝒳𝒳 𝒳', 'true'],
    ['not inside runs of them', ['𝒳'], '𝒳𝒳', 'false'],
  ])('%s', (_what, any, text, state) => {
    expect(readOf(keyword, { any }, text).state).toBe(state);
  });

  test('case can be made to matter', () => {
    expect(readOf(keyword, { any: ['US'], case_sensitive: true }, 'tell us').state).toBe('false');
    expect(readOf(keyword, { any: ['US'], case_sensitive: true }, 'the US').state).toBe('true');
  });

  test('the score counts distinct terms, the evidence shows them', () => {
    const options = { any: ['tort', 'liability', 'indemnity'] };
    expect(readOf(keyword, options, 'Tort, tort, TORT')).toEqual({ state: 'true', score: 1, evidence: '"tort"' });
    expect(readOf(keyword, options, 'indemnity for tort liability')).toEqual({
      state: 'true',
      score: 3,
      evidence: '"indemnity", "tort" and 1 more',
    });
    expect(readOf(keyword, options, 'hello')).toEqual({ state: 'false', score: 0, evidence: 'no term found' });
  });
});

describe('any, all, none', () => {
  test.each([
    [{ all: ['a', 'b'] }, 'b a', 'true', 2],
    [{ all: ['a', 'b'] }, 'a', 'false', 1],
    [{ all: ['new york', 'york'] }, 'new york', 'true', 2],
    [{ none: ['a'] }, 'b', 'true', 0],
    [{ none: ['a'] }, 'a b', 'false', 0],
    [{ any: ['a'], none: ['b'] }, 'a', 'true', 1],
    [{ any: ['a'], none: ['b'] }, 'a b', 'false', 0],
    [{ any: ['a'], all: ['b'] }, 'b', 'false', 1],
    [{ any: ['a'], regex: ['x{2}'] }, 'axxb', 'true', 1],
  ])('%o on %s is %s', (options, text, state, score) => {
    expect(readOf(keyword, options, text)).toMatchObject({ state, score });
  });
});

describe('which text is read', () => {
  const conversation = request({
    messages: [
      message('system', 'sys'),
      message('user', 'first'),
      message('assistant', 'answer', { type: 'tool_call', id: '1', name: 'f', arguments: '{"q":"called"}' }),
      message('tool', { type: 'tool_result', id: '1', text: 'result', failed: false }),
      message('user', 'last', 'words'),
      message('user', { type: 'tool_result', id: '2', text: 'late', failed: false }),
    ],
  });
  test.each([
    ['last_user', ['last', 'words']],
    ['user', ['first', 'last', 'words']],
    ['system', ['sys']],
    ['all', ['sys', 'first', 'answer', 'called', 'result', 'last', 'words', 'late']],
  ])('in: %s reads %o', (scope, wanted) => {
    const all = ['sys', 'first', 'answer', 'called', 'result', 'last', 'words', 'late'];
    const found = all.filter(
      term => readOf(keyword, { any: [term], in: scope }, { request: conversation }).state === 'true',
    );
    expect(found).toEqual(wanted);
  });

  test('a term is not found across two messages', () => {
    const two = request({ messages: [message('user', 'new'), message('user', 'york')] });
    expect(readOf(keyword, { any: ['new york'], in: 'user' }, { request: two }).state).toBe('false');
  });

  test('of a very long text the beginning and the end; what may stand in between is unknown', () => {
    const filler = 'x '.repeat(MAX_SCANNED);
    const options = { any: ['tort'] };
    expect(readOf(keyword, options, `tort ${filler}`).state).toBe('true');
    expect(readOf(keyword, options, `${filler} tort`).state).toBe('true');
    expect(readOf(keyword, options, `${filler} tort ${filler}`)).toMatchObject({ state: 'unknown' });
    expect(readOf(keyword, options, `${filler} tort ${filler}`).evidence).toMatch(
      /first and last 32768 of 26\d+ characters/,
    );
    expect(readOf(keyword, { none: ['tort'] }, `tort ${filler}`).state).toBe('false');
    expect(readOf(keyword, { none: ['tort'] }, filler).state).toBe('unknown');
  });
});

describe('options', () => {
  test('patterns that no engine runs safely are problems, with their place', () => {
    expect(problemsOf(keyword, { regex: ['ok', '(a+)+\\1'] })).toMatchObject([
      { code: 'config.unsafe_pattern', path: ['regex', 1] },
    ]);
    expect(problemsOf(keyword, { regex: ['(a'] })).toMatchObject([
      { path: ['regex', 0], message: 'Unterminated group' },
    ]);
    expect(() => readOf(keyword, { regex: ['(a'] }, 'x')).toThrowError(/Unterminated group/);
  });

  test('something to look for is needed', () => {
    expect(accepts(keyword, {})).toBe(false);
    expect(accepts(keyword, { any: [] })).toBe(false);
    expect(accepts(keyword, { any: ['  '] })).toBe(false);
    expect(accepts(keyword, { any: ['a'], fuzzy: true })).toBe(false);
  });
});
