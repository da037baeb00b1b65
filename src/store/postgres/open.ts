import type { IdentityStore } from '#contract/identity-store.js';
import type { RecordReader } from '#store/record-reader.js';
import type { PostgresRecordOptions, PostgresRecordStore } from './postgres-record-store.js';

/** Opens the decision record in Postgres; nothing of it is loaded before. See `PostgresRecordStore.open`. */
export async function openPostgresRecords(options: PostgresRecordOptions): Promise<PostgresRecordStore> {
  const { PostgresRecordStore } = await import('./postgres-record-store.js');
  return PostgresRecordStore.open(options);
}

/** Opens the decision record in Postgres for reading alone; nothing of it is loaded before. */
export async function openPostgresRecordReader(url: string): Promise<RecordReader> {
  const { openPostgresRecordReader } = await import('./record-reader.js');
  return openPostgresRecordReader(url, 'gateway.record.postgres');
}

/** Opens the identity store in Postgres; nothing of it is loaded before. See `PostgresIdentityStore.open`. */
export async function openPostgresIdentity(url: string): Promise<IdentityStore> {
  const { PostgresIdentityStore } = await import('./postgres-identity-store.js');
  return PostgresIdentityStore.open(url);
}
