import type { ConfigVersion } from '#contract/stores.js';
import { type Identity, SYSTEM } from '#identity/identity.js';
import type { Logger } from '#telemetry/log.js';

/** Whoever could write the file: nothing says who it was. */
const FILE = { principal: SYSTEM.principal, actor: { kind: 'system', id: 'file' } } as const;

/**
 * Writes into the audit log that an edit of the file came into force, as changes by the admin API are written there. Without identity there
 * is no such log. Never rejects: the edit is in force already, and what could not be written is told.
 */
export async function noteEdit(identity: Identity | undefined, edit: ConfigVersion, log: Logger): Promise<void> {
  const { number, version, note } = edit;
  try {
    await identity?.governance.note(FILE, {
      action: 'configuration.reload',
      target: { kind: 'configuration', id: String(number) },
      after: { version, note },
    });
  } catch (error) {
    log.error('an edit of the configuration could not be written into the audit log', { version, error });
  }
}
