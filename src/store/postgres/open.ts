import type { PostgresRecordOptions, PostgresRecordStore } from './postgres-record-store.js';

/** Opens the decision record in Postgres; nothing of it is loaded before. See `PostgresRecordStore.open`. */
export async function openPostgresRecords(options: PostgresRecordOptions): Promise<PostgresRecordStore> {
  const { PostgresRecordStore } = await import('./postgres-record-store.js');
  return PostgresRecordStore.open(options);
}
