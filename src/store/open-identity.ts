import type { IdentityStore } from '#contract/identity-store.js';
import { openPostgresIdentity } from './postgres/open.js';
import { openIdentityStore } from './threaded-identity-store.js';

/** Where identity is kept, as the configuration says it. */
export interface IdentitySettings {
  readonly path: string;
  readonly postgres?: string | undefined;
}

/** Opens the identity store that the configuration asks for. @throws WeirError `store.unavailable`. */
export function openIdentityDatabase({ path, postgres }: IdentitySettings): Promise<IdentityStore> {
  return postgres === undefined ? openIdentityStore(path) : openPostgresIdentity(postgres);
}
