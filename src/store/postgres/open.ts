import type { IdentityStore } from '#contract/identity-store.js';
import type { PostgresRecordOptions, PostgresRecordStore } from './postgres-record-store.js';

/** Opens the decision record in Postgres; nothing of it is loaded before. See `PostgresRecordStore.open`. */
export async function openPostgresRecords(options: PostgresRecordOptions): Promise<PostgresRecordStore> {
  const { PostgresRecordStore } = await import('./postgres-record-store.js');
  return PostgresRecordStore.open(options);
}

/** Opens the identity store in Postgres; nothing of it is loaded before. See `PostgresIdentityStore.open`. */
export async function openPostgresIdentity(url: string): Promise<IdentityStore> {
  const { PostgresIdentityStore } = await import('./postgres-identity-store.js');
  return PostgresIdentityStore.open(url);
}
