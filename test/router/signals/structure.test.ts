import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FEATURES } from '#router/signals/structure/features.js';
import { structure } from '#router/signals/structure.js';
import { message, request } from '../support.js';
import { accepts, problemsOf, readOf } from './build.js';

const count = (feature: unknown, text: string) => readOf(structure, { count: feature }, text).score;

test.each([
  ['questions', 'What? Really?! "Why?" (How?)', 4],
  ['questions', 'see http://x.org/?q=1 and a?b', 0],
  ['questions', '什么？为什么？？你好', 2],
  ['questions', 'ما هذا؟', 1],
  ['questions', '¿Qué tal?', 1],
  ['code_blocks', 'a\n```js\nx\n```\nb\n~~~\ny\n```\n~~~\n', 2],
  ['code_blocks', '```\nnever closed', 1],
  ['code_blocks', 'inline ``` is none', 0],
  ['lists', '- a\n* b\n  • c\n-d\n--- \n```\n- not here\n```\n- e', 4],
  ['lists', '・りんご', 0],
  ['lists', '・ りんご', 1],
  ['numbered_steps', '1. a\n2) b\n(3) c\nStep 4: d\n第五步：e\n6、f\n3.14 is no step\n1984', 6],
  ['numbered_steps', 'Schritt 1\nÉtape 2\nпаса', 2],
  ['urls', 'http://a.b/c?d=e, https://f and www.g.h but xhttp://no', 3],
  ['digits', '12 and ٣ and 3.5', 5],
  ['tables', '| a | b |\n|---|:-:|\n| 1 | 2 |\n\na|b\n--|--\n1|2\n\n---\n', 2],
  ['uppercase', 'PLEASE HELP me, I am USA2 and ÉTÉ A1', 4],
  ['words', "Don't say 你好", 4],
  ['sentences', 'One. Two! Three? Four', 4],
  ['sentences', 'See e.g. this. Pi is 3.14. See www.x.org', 3],
  ['sentences', '1. 2. 3.', 0],
  ['sentences', '你好。我是学生！好吗？', 3],
  ['sentences', 'A heading\n\nAnd a text\nover two lines... and on', 3],
  ['sentences', '"Stop!" he said. (Really.)', 3],
  ['lines', 'a\n\n  \nb\n```\nc\n```', 5],
  [{ keywords: ['tort', 'law'] }, 'Tort law, lawful, LAW', 3],
  [{ regex: ['\\d{2}', 'ab'] }, '123456 ab AB', 5],
  [{ regex: ['\\b'] }, 'a b', 4],
])('count of %o in %s is %i', (feature, text, expected) => {
  expect(count(feature, text)).toBe(expected);
});

test.each(FEATURES)('%s: nothing in nothing, and never more than there are characters', feature => {
  const text = fc.string({
    unit: fc.constantFrom('?', '!', '.', '"', '`', '\n', '-', ' ', '|', 'A', '1', '学', '。', '？', '~'),
    maxLength: 80,
  });
  expect(count(feature, '')).toBe(0);
  fc.assert(fc.property(text, body => void expect(count(feature, body)).toBeLessThanOrEqual(body.length)));
});

test.each(FEATURES)('%s takes its time from the length of a text, whatever is in it', feature => {
  // Each of these would take minutes if a run of marks were looked at once for each of its members.
  for (const unit of ['.', '?', '?!', '"', '`', '~\n', ' ', '\n', '- ', '|-', '1.', 'A', '?"', '."', '\n ', '学']) {
    expect(count(feature, `${unit.repeat(60_000 / unit.length)}x`)).toBeGreaterThanOrEqual(0);
  }
});

test.each([
  [{ count: 'digits', above: 2 }, '12', 'false', 2],
  [{ count: 'digits', above: 1 }, '12', 'true', 2],
  [{ count: 'digits' }, '1', 'true', 1],
  [{ count: 'digits', below: 1 }, 'x', 'true', 0],
  [{ count: 'digits', above: 1, below: 3 }, '123', 'false', 3],
  [{ exists: 'urls' }, 'at http://x', 'true', 1],
  [{ exists: 'urls' }, 'none', 'false', 0],
  [{ exists: 'words' }, '…', 'false', 0],
  [{ density: 'digits', above: 0.4 }, 'a b 1', 'false', 0.3333],
  [{ density: { keywords: ['法'] }, above: 0.2 }, '合同法律', 'true', 0.25],
  [{ density: 'digits', below: 0.1 }, '', 'true', 0],
  [
    { sequence: [{ keywords: ['first'] }, { keywords: ['then', 'next'] }, { keywords: ['finally'] }] },
    'First a, next b, then c, finally d',
    'true',
    3,
  ],
  [{ sequence: [{ keywords: ['first'] }, { keywords: ['then'] }] }, 'then this, first that', 'false', 1],
  [{ sequence: ['questions', 'code_blocks'] }, 'why?\n```\nx\n```', 'true', 2],
  [{ sequence: ['code_blocks', 'questions'] }, 'why?\n```\nx\n```', 'false', 1],
  [{ sequence: [{ keywords: ['x'] }, 'code_blocks'] }, '```\nx\n```', 'false', 1],
  [{ count: { keywords: ['US'] }, case_sensitive: true }, 'us US', 'true', 1],
])('%o of %s is %s', (options, text, state, score) => {
  expect(readOf(structure, options, text)).toMatchObject({ state, score });
});

describe('evidence', () => {
  test.each([
    [{ count: 'digits' }, 'a1', 'digits 1'],
    [{ density: 'digits' }, 'a 1', 'digits 1 in 2 words'],
    [{ exists: 'urls' }, 'at http://x', 'urls at 3'],
    [{ sequence: ['digits', 'urls'] }, 'a 1 http://x', '2 of 2 in order at 2, 4'],
  ])('%o', (options, text, evidence) => {
    expect(readOf(structure, options, text).evidence).toBe(evidence);
  });
});

test('texts are looked at one by one, and counts added up', () => {
  const two = { request: request({ messages: [message('user', 'first?', 'then?')] }) };
  expect(readOf(structure, { count: 'questions' }, two).score).toBe(2);
  expect(readOf(structure, { exists: { keywords: ['then'] } }, two).evidence).toBe('terms at 6');
  expect(readOf(structure, { sequence: [{ keywords: ['first'] }, { keywords: ['then'] }] }, two).state).toBe('false');
});

test('of a text that is not read whole, more is certain and less is not', () => {
  const long = `1 ${'x '.repeat(40_000)}`;
  expect(readOf(structure, { count: 'digits' }, long).state).toBe('true');
  expect(readOf(structure, { count: 'digits', above: 1 }, long).state).toBe('unknown');
  expect(readOf(structure, { count: 'digits', below: 9 }, long).state).toBe('unknown');
  expect(readOf(structure, { exists: 'urls' }, long).state).toBe('unknown');
  expect(readOf(structure, { density: 'digits' }, long).evidence).toMatch(/of the part that is read$/);
});

test('what cannot be is a problem', () => {
  expect(problemsOf(structure, { count: 'digits', above: 2, below: 3 })).toMatchObject([{ code: 'config.range' }]);
  expect(problemsOf(structure, { count: 'digits', below: 0 })).toMatchObject([{ code: 'config.range' }]);
  expect(problemsOf(structure, { density: 'digits', above: 2, below: 2 })).toMatchObject([{ code: 'config.range' }]);
  expect(problemsOf(structure, { density: 'uppercase', above: 1 })).toMatchObject([
    { code: 'config.range', path: ['above'] },
  ]);
  expect(problemsOf(structure, { density: 'digits', above: 0.2, below: 0.3 })).toEqual([]);
  expect(problemsOf(structure, { count: { regex: ['a+b'] } })).toMatchObject([
    { code: 'config.unsafe_pattern', path: ['count', 'regex', 0] },
  ]);
  expect(problemsOf(structure, { sequence: ['digits', { keywords: ['a', 'A'] }] })).toMatchObject([
    { code: 'config.duplicate', path: ['sequence', 1, 'keywords', 1] },
  ]);
  expect(accepts(structure, { count: 'digits', exists: 'urls' })).toBe(false);
  expect(accepts(structure, { exists: 'urls', above: 1 })).toBe(false);
  expect(accepts(structure, { sequence: ['words', 'digits'] })).toBe(false);
  expect(accepts(structure, { count: 'question' })).toBe(false);
  expect(accepts(structure, {})).toBe(false);
});
