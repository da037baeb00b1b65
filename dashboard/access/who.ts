import type { Answer } from '../api/client.js';

/** Who is looking: decides what can be done here. */
export type Who = Answer<'GET /api/whoami'>;

export interface PartProps {
  readonly who: Who;
}

export const ROLES = ['viewer', 'user', 'team_lead', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Roles that this one may give: none above its own. */
export function rolesBelow(role: Role): readonly Role[] {
  return ROLES.slice(0, ROLES.indexOf(role) + 1);
}
