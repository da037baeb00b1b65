import { expect, test } from 'vitest';
import { renderProblems } from '#cli/problems.js';

const problem = { code: 'config.invalid', path: 'a.b', line: 2, column: 6, message: 'wrong' } as const;
const render = (text: string, more: object = {}) =>
  renderProblems([{ ...problem, ...more }], { source: 'weir.yaml', text, severity: 'error' }).split('\n');

test('a problem stands with its line, a caret under its place, and what would be right', () => {
  expect(render('a:\n  b: value', { hint: 'a better value' })).toEqual([
    'weir.yaml:2:6 error config.invalid: wrong (a.b)',
    '  2 |   b: value',
    '           ^',
    '    a better value',
    '',
  ]);
});

test('a problem of the file as a whole has no excerpt', () => {
  expect(render('', { line: 0, column: 0, path: '' })).toEqual(['weir.yaml error config.invalid: wrong', '']);
});

test('of a long line only the part around the place is shown', () => {
  const [, line = '', caret = ''] = render(`a:\n${' '.repeat(300)}here${' '.repeat(300)}x`, { column: 301 });
  expect(line.length).toBeLessThan(130);
  expect(line.slice(caret.indexOf('^'))).toBe('here');
});

test.each([
  'api_key: sk-secret',
  '"Authorization": "Bearer sk-secret"',
  'x-api-key: sk-secret',
  '{ token: sk-secret, b: 1 }',
])('the credential in %j is not shown', line => {
  expect(render(`a:\n${line}`).join('\n')).not.toContain('sk-secret');
});

test('what is no credential is shown', () => {
  expect(render('a:\n  chars_per_token: 40')[1]).toContain('40');
});
