import type { WeirError } from '#contract/errors.js';
import type { RecordStore } from '#contract/stores.js';
import type { Bytes, Milliseconds } from '#contract/units.js';
import { openRecordStore } from './record-store.js';

/** Where the record is kept and for how long, as the configuration says it. */
export interface RecordSettings {
  readonly path: string;
  readonly keep_for: Milliseconds;
  readonly keep_size: Bytes;
}

/** Opens the record that the configuration asks for. @throws WeirError `store.unavailable`. */
export function openRecords(settings: RecordSettings, onError: (error: WeirError) => void): Promise<RecordStore> {
  return openRecordStore({
    path: settings.path,
    keepForMs: settings.keep_for,
    keepBytes: settings.keep_size,
    onError,
  });
}
