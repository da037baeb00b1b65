import { expect, it } from 'vitest';
import { masked, unmasked } from '#gateway/configuration/masking.js';

it('hides passwords that stand in addresses, and only those', () => {
  const text = [
    'record:',
    '  postgres: postgres://weir:hunter2-hunter2@db/weir',
    'auth:',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of the configuration
    '  postgres: "postgres://weir:${PASSWORD}@db/weir"',
    'other: postgres://weir@db/weir',
    'url: http://127.0.0.1:8000/a@b',
  ].join('\n');
  const shown = masked(text);
  expect(shown.text).not.toContain('hunter2');
  expect(shown.text.split('\n').filter((line, at) => line !== text.split('\n')[at])).toHaveLength(1);
  expect(unmasked(shown.text, shown)).toBe(text);
});
