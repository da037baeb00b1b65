import { z } from 'zod';
import { identityOf } from '#gateway/admin/identity-guard.js';
import { adminRoute } from '#gateway/admin/route.js';
import { plain } from '#gateway/admin/schemas/identity.js';

const subject = z.enum(['key', 'team', 'user']);
const time = z.coerce.number().describe('Wall time in ms.');
const MONTH_MS = 31 * 24 * 3_600_000;

export const budgetsRoute = adminRoute({
  method: 'GET',
  path: '/api/budgets',
  role: 'caller',
  summary: 'Every budget that the caller may see, with what is spent and held back now',
  answer: z.object({
    budgets: z.array(
      z.object({
        kind: subject,
        id: z.string(),
        unit: z.enum(['usd', 'tokens']),
        window: z.enum(['hour', 'day', 'week', 'month', 'total']),
        timeZone: z.string(),
        amount: z.number().describe('In force now: USD or tokens.'),
        spent: z.number(),
        reserved: z.number().describe('Held back for requests in flight.'),
        resetAt: z.number().nullable(),
      }),
    ),
  }),
  handle(call) {
    const { identity, doer } = identityOf(call);
    return { budgets: plain(identity.budgets(doer)) };
  },
});

export const usageRoute = adminRoute({
  method: 'GET',
  path: '/api/usage',
  role: 'caller',
  summary: 'Requests, tokens and money by key, team or user, to a quarter of an hour',
  query: z.object({
    by: subject.default('key'),
    since: time.optional().describe('From this wall time, ms; 31 days ago unless said.'),
    until: time.optional().describe('To this wall time, ms; now unless said.'),
  }),
  answer: z.object({
    usage: z.array(
      z.object({
        kind: subject,
        id: z.string(),
        usd: z.number(),
        promptTokens: z.number(),
        completionTokens: z.number(),
        requests: z.number(),
      }),
    ),
  }),
  async handle(call) {
    const { identity, doer } = identityOf(call);
    const { by, until = call.gateway.runtime.clock.wall(), since = until - MONTH_MS } = call.query;
    // What is settled and not yet written belongs to it.
    await (call.gateway.runtime.peers?.settle() ?? identity.flush());
    const rows = await identity.governance.usage(doer, by, since, until);
    return { usage: rows.map(({ nanoUsd, ...row }) => ({ ...row, usd: nanoUsd / 1e9 })) };
  },
});
