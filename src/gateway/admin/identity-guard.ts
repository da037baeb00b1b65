import { isWeirError, WeirError } from '#contract/errors.js';
import type { Actor } from '#contract/identity.js';
import { type HeadRules, readHead } from '#gateway/caller.js';
import type { Doer } from '#identity/governance.js';
import type { Identity } from '#identity/identity.js';
import { type Principal as Known, may } from '#identity/roles.js';
import type { AdminGuard, Principal, Role } from './guard.js';
import type { AdminCall, AuditedChange } from './route.js';

/** Someone of whom it is known who they are. */
interface Identified extends Principal {
  readonly doer: Doer;
}

/** Lets in who shows a key or token, from anywhere; what they may do is their role's. */
export function identityGuard(identity: Identity, heads: () => HeadRules): AdminGuard {
  return async request => {
    const head = readHead(request, heads());
    const grant = await identity.authenticate(head);
    return isWeirError(grant) ? grant : identified(grant.principal, head.address);
  };
}

function identified(principal: Known, address: string): Identified {
  const byKey = principal.kind === 'key' || principal.kind === 'bootstrap';
  const actor: Actor = { kind: byKey ? 'key' : 'user', id: principal.id, address };
  const sees = principal.role === 'admin' || (principal.role === 'viewer' && principal.team === undefined);
  return {
    name: principal.name,
    person: personOf(principal),
    role: principal.role === 'admin' ? 'admin' : sees ? 'viewer' : 'caller',
    may(role: Role): boolean {
      if (role === 'caller') return true;
      return role === 'viewer' ? sees : may(principal, 'config.change');
    },
    doer: { principal, actor },
  };
}

/** The user, where one is named: a person may have several keys. Else who may as much under the same name, as history and audit log know them. */
function personOf({ user, name, role, team }: Known): string {
  return user === undefined ? `named ${JSON.stringify([name, role, team])}` : `user ${user}`;
}

/** Identity, and who is asking: for the routes that are about keys, teams and users. @throws WeirError `identity.off`. */
export function identityOf({ gateway, principal }: AdminCall): { readonly identity: Identity; readonly doer: Doer } {
  const { identity } = gateway.runtime;
  if (identity === undefined || !isIdentified(principal)) {
    throw new WeirError('identity.off', 'This gateway asks callers for no key', {
      path: 'gateway.auth.required',
      hint: 'set gateway.auth.required: true and start again; `weir keys` works on the database meanwhile',
    });
  }
  return { identity, doer: principal.doer };
}

/**
 * Writes a change down with who made it, where it is known who calls. Never rejects: the change is made already, and what could not be written
 * is told in the log.
 */
export async function noteChange({ gateway, principal }: AdminCall, change: AuditedChange): Promise<void> {
  if (!isIdentified(principal)) return;
  const { identity, log } = gateway.runtime;
  try {
    await identity?.governance.note(principal.doer, change);
  } catch (error) {
    const { actor } = principal.doer;
    log.error('a change could not be written into the audit log', { ...change, actor, error });
  }
}

function isIdentified(principal: Principal): principal is Identified {
  return 'doer' in principal;
}
