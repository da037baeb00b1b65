import { z } from 'zod';
import { identityOf } from '#gateway/admin/identity-guard.js';
import { adminRoute } from '#gateway/admin/route.js';
import { auditEntry, plain } from '#gateway/admin/schemas/identity.js';

const number = z.coerce.number().int().min(0);
const text = z.string().max(128);

export const auditRoute = adminRoute({
  method: 'GET',
  path: '/api/audit',
  role: 'caller',
  summary: 'Who changed what: newest first, or in order after a row',
  query: z.object({
    after: number.optional().describe('Only rows after this one, in order.'),
    before: number.optional().describe('Only rows before this one.'),
    target: text.optional().describe('Id of what was changed.'),
    actor: text.optional().describe('Id of who changed it.'),
    limit: number.max(1000).optional(),
  }),
  answer: z.object({ entries: z.array(auditEntry) }),
  async handle(call) {
    const { identity, doer } = identityOf(call);
    const filter = Object.fromEntries(Object.entries(call.query).filter(([, value]) => value !== undefined));
    return { entries: plain(await identity.governance.audit(doer, filter)) };
  },
});

export const auditVerificationRoute = adminRoute({
  method: 'GET',
  path: '/api/audit/verification',
  role: 'caller',
  summary: 'Walks the chain of the whole log',
  answer: z.object({
    entries: z.number(),
    head: z.string(),
    broken: z.object({ seq: z.number(), why: z.string() }).optional(),
  }),
  async handle(call) {
    const { identity, doer } = identityOf(call);
    return plain(await identity.governance.verifyAudit(doer));
  },
});
