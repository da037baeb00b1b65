import { WeirError } from '#contract/errors.js';
import type { Role } from '#contract/identity.js';

/** Who is asking, established. */
export interface Principal {
  /** `open` is anyone, where no authentication is asked for. */
  readonly kind: 'key' | 'token' | 'proxy' | 'bootstrap' | 'open';
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly team?: string;
  readonly user?: string;
}

/** What can be done beside asking models. `read` shows, `change` creates, alters and ends. */
export type Action =
  | 'state.read'
  | 'records.read'
  | 'config.change'
  | 'audit.read'
  | 'usage.read'
  | `${'key' | 'team' | 'user'}.${'read' | 'change'}`;

/** Whose thing it is done to. */
export interface Target {
  readonly team?: string | undefined;
  readonly user?: string | undefined;
  /** The role a key or user has or is to get. */
  readonly role?: Role | undefined;
}

/** What concerns the gateway as a whole. */
const OF_NO_ONE: ReadonlySet<Action> = new Set(['state.read', 'config.change', 'audit.read']);

const RANK: Readonly<Record<Role, number>> = { viewer: 0, user: 1, team_lead: 2, admin: 3 };

/** Roles from the least to the most. */
export const ROLES = ['viewer', 'user', 'team_lead', 'admin'] as const satisfies readonly Role[];

/** Whether one role may all that another may. */
export function atLeast(role: Role, least: Role): boolean {
  return RANK[role] >= RANK[least];
}

/** Viewers look on; everyone else may ask models. */
export function mayInfer(role: Role): boolean {
  return role !== 'viewer';
}

/**
 * Whether someone may do something. The whole of it: an admin everything; a viewer every reading, a viewer of a team that team's; a
 * team lead what concerns the own team, short of the team itself; a user the own keys. No one gives away a role above the own.
 */
export function may(who: Principal, action: Action, target: Target = {}): boolean {
  const { role } = who;
  if (role === 'admin') return true;
  if (target.role !== undefined && action.endsWith('.change') && !atLeast(role, target.role)) return false;
  const sameTeam = who.team !== undefined && target.team === who.team;
  const sameUser = who.user !== undefined && target.user === who.user;
  const reads = action.endsWith('.read');
  switch (role) {
    case 'viewer':
      return reads && (action === 'state.read' || who.team === undefined || (sameTeam && !OF_NO_ONE.has(action)));
    case 'team_lead':
      if (action === 'state.read') return true;
      if (OF_NO_ONE.has(action) || action === 'team.change') return false;
      return sameTeam || (sameUser && action.startsWith('key.'));
    case 'user':
      if (action === 'team.read') return sameTeam;
      return sameUser && !OF_NO_ONE.has(action) && (reads || action === 'key.change');
  }
}

/** Whom a key is to belong to. */
export interface Owners {
  readonly team?: string | undefined;
  readonly user?: string | undefined;
  /** The team of that user. */
  readonly userTeam?: string | undefined;
  /** The team that it belonged to and would count for no more. */
  readonly left?: string | undefined;
}

/**
 * Whether someone may have a key belong to a team and a user: an admin to any; everyone else to the own team and to themselves, a team
 * lead also to users of the team; nobody takes one out of a team. Who bears a key is whom it belongs to: with more to choose from, anyone could be anyone.
 */
export function mayAssign(who: Principal, { team, user, userTeam, left }: Owners): boolean {
  if (who.role === 'admin') return true;
  if (left !== undefined || (team !== undefined && team !== who.team)) return false;
  if (user === undefined || user === who.user) return true;
  return who.role === 'team_lead' && who.team !== undefined && userTeam === who.team;
}

/** @throws WeirError `auth.role` when {@link may} says no. */
export function authorise(who: Principal, action: Action, target: Target = {}): void {
  if (may(who, action, target)) return;
  throw new WeirError('auth.role', `The role ${who.role} does not allow ${action} here`, {
    hint: 'a key of someone whose role does: see docs/identity.md',
  });
}
