import { z } from 'zod';
import { identityOf } from '#gateway/admin/identity-guard.js';
import { adminRoute } from '#gateway/admin/route.js';
import { issuedKey, key, plain } from '#gateway/admin/schemas/identity.js';
import { keyChangeForm, newKeyForm } from '#identity/forms.js';
import { role } from '#identity/schema.js';

const params = z.object({ id: z.string().max(128) });

export const whoamiRoute = adminRoute({
  method: 'GET',
  path: '/api/whoami',
  role: 'caller',
  summary: 'Who is calling, with role, team and user',
  answer: z.object({
    kind: z.enum(['key', 'token', 'proxy', 'bootstrap', 'open']),
    id: z.string(),
    name: z.string(),
    role,
    team: z.string().optional(),
    user: z.string().optional(),
  }),
  handle: call => plain(identityOf(call).doer.principal),
});

export const keysRoute = adminRoute({
  method: 'GET',
  path: '/api/keys',
  role: 'caller',
  summary: 'Keys that the caller may see',
  answer: z.object({ keys: z.array(key) }),
  async handle(call) {
    const { identity, doer } = identityOf(call);
    return { keys: plain(await identity.governance.keys(doer)) };
  },
});

export const createKeyRoute = adminRoute({
  method: 'POST',
  path: '/api/keys',
  role: 'caller',
  summary: 'Makes a key; its secret is shown this once',
  body: newKeyForm,
  answer: issuedKey,
  async handle(call) {
    const { identity, doer } = identityOf(call);
    return plain(await identity.governance.createKey(doer, call.body));
  },
});

export const changeKeyRoute = adminRoute({
  method: 'PATCH',
  path: '/api/keys/{id}',
  role: 'caller',
  summary: 'Changes a key; what is not named stays',
  params,
  body: keyChangeForm,
  answer: key,
  async handle(call) {
    const { identity, doer } = identityOf(call);
    return plain(await identity.governance.changeKey(doer, call.params.id, call.body));
  },
});

export const rotateKeyRoute = adminRoute({
  method: 'POST',
  path: '/api/keys/{id}/rotate',
  role: 'caller',
  summary: 'Gives a key another secret; the one of now stays good for a while',
  params,
  body: z.strictObject({ overlapMs: z.number().min(0).optional().describe('How long; a day unless said.') }),
  answer: issuedKey,
  async handle(call) {
    const { identity, doer } = identityOf(call);
    return plain(await identity.governance.rotateKey(doer, call.params.id, call.body.overlapMs));
  },
});

export const revokeKeyRoute = adminRoute({
  method: 'POST',
  path: '/api/keys/{id}/revoke',
  role: 'caller',
  summary: 'Ends a key for good, at once',
  params,
  body: z.strictObject({}),
  answer: key,
  async handle(call) {
    const { identity, doer } = identityOf(call);
    return plain(await identity.governance.revokeKey(doer, call.params.id));
  },
});
