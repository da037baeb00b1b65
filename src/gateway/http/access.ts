import type { IncomingMessage } from 'node:http';
import { isWeirError, WeirError } from '#contract/errors.js';
import { readHead } from '#gateway/caller.js';
import type { Runtime } from '#gateway/runtime.js';
import type { Grant } from '#identity/grant.js';
import { authorise } from '#identity/roles.js';

/** Who may ask for a path outside of the admin API: anyone, any caller with a key, or those who may read the state. */
export type Access = 'open' | 'caller' | 'metrics';

/**
 * Lets a visitor in.
 *
 * @returns who it is; `undefined` where nobody is asked.
 * @throws WeirError `auth.*` for those who may not come in.
 */
export async function admitted(
  access: Access,
  { identity, heads, config }: Runtime,
  request: IncomingMessage,
): Promise<Grant | undefined> {
  if (identity === undefined || access === 'open') return undefined;
  if (access === 'metrics' && config.gateway.auth.open_metrics) return undefined;
  const grant = await identity.authenticate(readHead(request, heads));
  if (isWeirError(grant)) throw grant;
  if (access === 'metrics') {
    if (grant.principal.role === 'user')
      throw new WeirError('auth.role', 'Metrics tell of all callers', { hint: 'the role viewer' });
    authorise(grant.principal, 'state.read');
  }
  return grant;
}
