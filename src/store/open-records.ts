import type { WeirError } from '#contract/errors.js';
import type { RecordStore } from '#contract/stores.js';
import type { Bytes, Milliseconds } from '#contract/units.js';
import { openPostgresRecordReader, openPostgresRecords } from './postgres/open.js';
import { openRecordReader, openRecordStore, type RecordReader } from './record-store.js';

/** Where the record is kept and for how long, as the configuration says it. */
export interface RecordSettings {
  readonly path: string;
  readonly postgres?: string | undefined;
  readonly keep_for: Milliseconds;
  readonly keep_size: Bytes;
}

/** A record in a database that other machines share, and that can therefore be away. */
export interface RemoteRecordStore extends RecordStore {
  /** Records that wait to be written. */
  readonly backlog: number;
  /** Whether the database took what it was last given. */
  readonly up: boolean;
}

export interface OpenedRecords {
  readonly records: RecordStore;
  /** The same, where it can be away. */
  readonly remote?: RemoteRecordStore;
}

/** Opens the record that the configuration asks for. @throws WeirError `store.unavailable`. */
export async function openRecords(
  { path, postgres, keep_for: keepForMs, keep_size: keepBytes }: RecordSettings,
  onError: (error: WeirError) => void,
): Promise<OpenedRecords> {
  if (postgres === undefined) return { records: await openRecordStore({ path, keepForMs, keepBytes, onError }) };
  const remote = await openPostgresRecords({ url: postgres, keepForMs, onError });
  return { records: remote, remote };
}

/** Opens the record that the configuration asks for, for reading alone. @throws WeirError `store.unavailable`. */
export function openRecordsToRead({
  path,
  postgres,
}: Pick<RecordSettings, 'path' | 'postgres'>): Promise<RecordReader> {
  return postgres === undefined ? openRecordReader(path) : openPostgresRecordReader(postgres);
}
