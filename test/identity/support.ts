import { isWeirError } from '#contract/errors.js';
import type { IdentityStore } from '#contract/identity-store.js';
import type { Admission } from '#identity/admission.js';
import type { Grant } from '#identity/grant.js';
import { type Identity, openIdentity, SYSTEM } from '#identity/identity.js';
import type { BudgetAlert, IdentityPorts } from '#identity/ports.js';
import { authSchema } from '#identity/schema.js';
import { memoryIdentityStore } from '#store/memory-identity-store.js';
import { VirtualClock } from '../support/virtual-clock.js';

export { SYSTEM };

export interface Bench {
  readonly identity: Identity;
  readonly clock: VirtualClock;
  readonly store: IdentityStore;
  readonly alerts: BudgetAlert[];
}

/** Identity over a memory store and a virtual clock. */
export async function bench(
  config: object = {},
  ports: Partial<IdentityPorts> & { readonly clock?: VirtualClock } = {},
): Promise<Bench> {
  const clock = ports.clock ?? new VirtualClock();
  const store = ports.store ?? memoryIdentityStore();
  const alerts: BudgetAlert[] = [];
  const identity = await openIdentity(authSchema.parse({ required: true, ...config }), {
    fetchJson: () => Promise.reject(new Error('no network')),
    onAlert: alert => alerts.push(alert),
    ...ports,
    store,
    clock,
  });
  return { identity, clock, store, alerts };
}

export async function grantOf(identity: Identity, secret: string, address = '127.0.0.1'): Promise<Grant> {
  const grant = await identity.authenticate({ credential: `Bearer ${secret}`, address });
  if (isWeirError(grant)) throw grant;
  return grant;
}

export async function admit(identity: Identity, secret: string): Promise<Admission> {
  const admission = await identity.admit(await grantOf(identity, secret));
  if (isWeirError(admission)) throw admission;
  return admission;
}

/** A quote of the same amount whichever way it is reserved. */
export function quote(nanoUsd: number, tokens = 0) {
  return { expectedNanoUsd: nanoUsd, maximumNanoUsd: nanoUsd, expectedTokens: tokens, maximumTokens: tokens };
}
