import { z } from 'zod';
import { limitsForm } from '#identity/forms.js';
import { role } from '#identity/schema.js';

/** Keys, teams and users as the admin API answers with them. */

const budget = z.object({
  unit: z.enum(['usd', 'tokens']),
  amount: z.number(),
  window: z.enum(['hour', 'day', 'week', 'month', 'total']),
  timeZone: z.string(),
  alertAt: z.array(z.number()),
  reserve: z.enum(['expected', 'maximum']),
  override: z.object({ amount: z.number(), until: z.number() }).optional(),
});

const governed = {
  id: z.string(),
  name: z.string(),
  models: z.array(z.string()),
  limits: limitsForm,
  budgets: z.array(budget),
  disabled: z.boolean(),
  metadata: z.record(z.string(), z.string()),
  createdAt: z.number(),
};

export const team = z.object(governed).meta({ id: 'Team' });

export const user = z.object({ ...governed, role, team: z.string().optional() }).meta({ id: 'User' });

export const key = z
  .object({
    ...governed,
    prefix: z.string().describe('How the secret begins.'),
    role,
    team: z.string().optional(),
    user: z.string().optional(),
    cidrs: z.array(z.string()),
    expiresAt: z.number().optional(),
    revokedAt: z.number().optional(),
    previousUntil: z.number().optional().describe('Until when the secret before the last rotation is good.'),
    lastUsedAt: z.number().optional().describe('Written every quarter of a second.'),
    createdBy: z.string(),
  })
  .meta({ id: 'Key' });

export const issuedKey = z.object({ key, secret: z.string().describe('Shown this once.') }).meta({ id: 'IssuedKey' });

export const auditEntry = z
  .object({
    seq: z.number(),
    at: z.number(),
    actor: z.object({ kind: z.enum(['key', 'user', 'cli', 'system']), id: z.string(), address: z.string().optional() }),
    action: z.string(),
    target: z.object({ kind: z.string(), id: z.string() }),
    before: z.unknown().optional(),
    after: z.unknown().optional(),
    previous: z.string(),
    hash: z.string(),
  })
  .meta({ id: 'AuditEntry' });

/** Entities are deeply read-only; schemas describe plain JSON. */
export function plain<T>(value: T): Mutable<T> {
  return value as Mutable<T>;
}

type Mutable<T> = T extends readonly (infer Item)[]
  ? Mutable<Item>[]
  : T extends object
    ? { -readonly [K in keyof T]: Mutable<T[K]> }
    : T;
