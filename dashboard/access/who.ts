import type { Answer } from '../api/client.js';

/** Who is looking: decides what can be done here. */
export type Who = Answer<'GET /api/whoami'>;

export interface PartProps {
  readonly who: Who;
}

export const ROLES = ['viewer', 'user', 'team_lead', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export const ROLE_TEXTS: Readonly<Record<Role, string>> = {
  viewer: 'viewer: looks on',
  user: 'user: asks models',
  team_lead: 'team lead: keys of a team',
  admin: 'admin: everything',
};

/** Roles that this one may give: none above its own. */
export function rolesBelow(role: Role): readonly Role[] {
  return ROLES.slice(0, ROLES.indexOf(role) + 1);
}
