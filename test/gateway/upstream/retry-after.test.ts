import { expect, test } from 'vitest';
import { retryAfterOf } from '#gateway/upstream/retry-after.js';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

test.each([
  ['seconds', 429, '7', 7000],
  ['a date', 503, 'Fri, 02 Jan 2026 03:05:05 GMT', 60_000],
  ['what Anthropic says when it is overloaded', 529, '1', 1000],
  ['a date that has passed', 503, 'Fri, 02 Jan 2026 03:04:00 GMT', undefined],
  ['no time at all', 429, '0', undefined],
  ['nothing', 429, '', undefined],
  ['no form that is known', 429, 'soon', undefined],
  ['less than nothing', 429, '-5', undefined],
  ['a status that has nothing to do with load', 500, '7', undefined],
])('%s', (_, status, header, ms) => {
  expect(retryAfterOf(status, header, NOW)).toBe(ms);
});
