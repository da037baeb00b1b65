import { z } from 'zod';
import { identityOf } from '#gateway/admin/identity-guard.js';
import { adminRoute } from '#gateway/admin/route.js';
import { plain, user } from '#gateway/admin/schemas/identity.js';
import { newUserForm, userChangeForm } from '#identity/forms.js';

export const usersRoute = adminRoute({
  method: 'GET',
  path: '/api/users',
  role: 'caller',
  summary: 'Users that the caller may see',
  answer: z.object({ users: z.array(user) }),
  async handle(call) {
    const { identity, doer } = identityOf(call);
    return { users: plain(await identity.governance.users(doer)) };
  },
});

export const createUserRoute = adminRoute({
  method: 'POST',
  path: '/api/users',
  role: 'caller',
  summary: 'Makes a user',
  body: newUserForm,
  answer: user,
  async handle(call) {
    const { identity, doer } = identityOf(call);
    return plain(await identity.governance.createUser(doer, call.body));
  },
});

export const changeUserRoute = adminRoute({
  method: 'PATCH',
  path: '/api/users/{id}',
  role: 'caller',
  summary: 'Changes a user; what is not named stays',
  params: z.object({ id: z.string().max(128) }),
  body: userChangeForm,
  answer: user,
  async handle(call) {
    const { identity, doer } = identityOf(call);
    return plain(await identity.governance.changeUser(doer, call.params.id, call.body));
  },
});
