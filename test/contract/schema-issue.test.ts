import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { issueText } from '#contract/schema-issue.js';

const schema = z.strictObject({
  name: z.string().min(1).max(3),
  count: z.coerce.number().int().optional(),
  share: z.number().gt(0).max(1).optional(),
  role: z.enum(['user', 'admin']).optional(),
  of: z
    .array(z.strictObject({ id: z.string() }))
    .max(1)
    .optional(),
  kind: z.literal('a').optional(),
});

function told(value: unknown): string[] {
  const { error } = schema.safeParse(value);
  return (error?.issues ?? []).map(issue => issueText(issue, value));
}

describe('what a schema finds wrong', () => {
  test.each([
    [{}, 'name is missing'],
    [[], 'expected an object, not a list'],
    [null, 'expected an object, not null'],
    [{ name: 3 }, 'expected text, not 3'],
    [{ name: '' }, 'expected at least 1 character'],
    [{ name: 'abcd' }, 'expected at most 3 characters'],
    [{ name: 'a', count: 'many' }, 'expected a number, not "many"'],
    [{ name: 'a', share: 0 }, 'expected more than 0'],
    [{ name: 'a', share: 2 }, 'expected at most 1'],
    [{ name: 'a', share: '1' }, 'expected a number, not "1"'],
    [{ name: 'a', role: 'god' }, 'expected one of user, admin'],
    [{ name: 'a', kind: 'b' }, 'expected a'],
    [{ name: 'a', nam: 1 }, 'nothing is called "nam" here'],
    [{ name: 'a', of: [{}] }, 'id is missing'],
    [{ name: 'a', of: [{ id: 'x' }, { id: 'y' }] }, 'expected at most 1 entry'],
  ])('%j: %s', (value, text) => {
    expect(told(value)).toEqual([text]);
  });
});
