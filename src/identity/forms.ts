import { z } from 'zod';
import { WeirError } from '#contract/errors.js';
import { issueText } from '#contract/schema-issue.js';
import { MAX_STARS } from './model-names.js';
import { MAX_USD } from './money.js';
import { isTimeZone } from './period.js';
import { cidr, role } from './schema.js';

/** What people hand in to make or change keys, teams and users: forms of the admin API and the command line. */

const text = z
  .string()
  .trim()
  .min(1)
  .max(128)
  .regex(/^[^\p{Cc}]*$/u, 'expected no control characters');

/** Ids of teams and users: as tokens and proxies name them, so nearly anything short. */
const subjectId = text.meta({ title: 'id', examples: ['research', 'ada@example.com'] });

const modelPattern = z
  .string()
  .min(1)
  .max(128)
  .refine(pattern => pattern.split('*').length <= MAX_STARS + 1, { message: `expected at most ${MAX_STARS} stars` });

const rate = z.int().min(1).max(1e9);

export const limitsForm = z.strictObject({
  requestsPerMinute: rate.optional().describe('Requests in any 60 seconds.'),
  tokensPerMinute: rate.optional().describe('Tokens in any 60 seconds, prompt and answer.'),
  concurrency: z.int().min(1).max(1e6).optional().describe('Requests open at once.'),
});

const amount = z.number().gt(0).max(1e15);

export const budgetForm = z
  .strictObject({
    unit: z.enum(['usd', 'tokens']).default('usd').describe('What is counted.'),
    amount: amount.describe('USD, or tokens.'),
    window: z.enum(['hour', 'day', 'week', 'month', 'total']).describe('When it is reset; `total` is never.'),
    timeZone: z
      .string()
      .max(64)
      .refine(isTimeZone, { message: 'expected a time zone such as UTC or Europe/Paris' })
      .default('UTC')
      .describe('Where the day, week or month begins at midnight.'),
    alertAt: z
      .array(z.number().gt(0).max(10))
      .max(8)
      .default([0.8])
      .describe('Shares of the amount at which a log line, a header and a metric tell.'),
    reserve: z
      .enum(['expected', 'maximum'])
      .default('expected')
      .describe('What a request holds back: its expected answer, or the longest it could get.'),
    override: z
      .strictObject({
        amount: amount.describe('The amount meanwhile.'),
        until: z.number().describe('Wall time in ms.'),
      })
      .optional()
      .describe('Another amount for a while.'),
  })
  .refine(({ unit, amount: most }) => unit === 'tokens' || most <= MAX_USD, {
    path: ['amount'],
    message: `expected at most ${MAX_USD} USD`,
  });

const budgets = z
  .array(budgetForm)
  .max(8)
  .refine(
    list => new Set(list.map(({ unit, window, timeZone }) => `${unit}/${window}/${timeZone}`)).size === list.length,
    {
      message: 'expected one budget for each unit and window',
    },
  );

const governed = {
  models: z.array(modelPattern).max(64).describe('Names and globs of the models allowed; empty allows all.'),
  limits: limitsForm.describe('Rates that bind over any 60 seconds.'),
  budgets: budgets.describe('Budgets; all must have room.'),
  disabled: z.boolean().describe('Refuse its calls until enabled again.'),
  metadata: z
    .record(z.string().min(1).max(64), z.string().max(512))
    .refine(given => Object.keys(given).length <= 16, { message: 'expected at most 16 entries' })
    .describe('Anything worth remembering. Not secret.'),
};

const owned = {
  role: role.describe('What its bearer may do.'),
  team: subjectId.describe('The team it belongs to.'),
};

const keyFields = {
  name: text.describe('What it is for.'),
  ...governed,
  ...owned,
  user: subjectId.describe('The user it belongs to.'),
  cidrs: z.array(cidr).max(64).describe('Networks it may be used from; empty allows all.'),
  expiresAt: z.number().describe('Wall time in ms at which it ends.'),
};

export const newKeyForm = z.strictObject(keyFields).partial().required({ name: true });
/** `null` takes a setting away. */
export const keyChangeForm = z
  .strictObject({
    ...keyFields,
    team: keyFields.team.nullable(),
    user: keyFields.user.nullable(),
    expiresAt: keyFields.expiresAt.nullable(),
  })
  .partial();

export const newTeamForm = z
  .strictObject({ id: subjectId.describe('Its name, for good.'), name: text, ...governed })
  .partial()
  .required({ id: true });
export const teamChangeForm = z.strictObject({ name: text, ...governed }).partial();

export const newUserForm = z
  .strictObject({
    id: subjectId.describe('As tokens and proxies name them, for good.'),
    name: text,
    ...governed,
    ...owned,
  })
  .partial()
  .required({ id: true });
export const userChangeForm = z
  .strictObject({ name: text, ...governed, ...owned, team: owned.team.nullable() })
  .partial();

export type NewKey = z.input<typeof newKeyForm>;
export type KeyChange = z.input<typeof keyChangeForm>;
export type NewTeam = z.input<typeof newTeamForm>;
export type TeamChange = z.input<typeof teamChangeForm>;
export type NewUser = z.input<typeof newUserForm>;
export type UserChange = z.input<typeof userChangeForm>;

/** @throws WeirError `identity.invalid` with the path of the first field that is wrong. */
export function readForm<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = (issue?.path ?? []).map(step => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  throw new WeirError('identity.invalid', issue === undefined ? 'This has the wrong form' : issueText(issue, value), {
    path: path.replace(/^\./, ''),
  });
}
