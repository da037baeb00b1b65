import { z } from 'zod';
import { identityOf } from '#gateway/admin/identity-guard.js';
import { adminRoute } from '#gateway/admin/route.js';
import { plain, team } from '#gateway/admin/schemas/identity.js';
import { newTeamForm, teamChangeForm } from '#identity/forms.js';

export const teamsRoute = adminRoute({
  method: 'GET',
  path: '/api/teams',
  role: 'caller',
  summary: 'Teams that the caller may see',
  answer: z.object({ teams: z.array(team) }),
  async handle(call) {
    const { identity, doer } = identityOf(call);
    return { teams: plain(await identity.governance.teams(doer)) };
  },
});

export const createTeamRoute = adminRoute({
  method: 'POST',
  path: '/api/teams',
  role: 'caller',
  summary: 'Makes a team',
  body: newTeamForm,
  answer: team,
  async handle(call) {
    const { identity, doer } = identityOf(call);
    return plain(await identity.governance.createTeam(doer, call.body));
  },
});

export const changeTeamRoute = adminRoute({
  method: 'PATCH',
  path: '/api/teams/{id}',
  role: 'caller',
  summary: 'Changes a team; what is not named stays',
  params: z.object({ id: z.string().max(128) }),
  body: teamChangeForm,
  answer: team,
  async handle(call) {
    const { identity, doer } = identityOf(call);
    return plain(await identity.governance.changeTeam(doer, call.params.id, call.body));
  },
});
