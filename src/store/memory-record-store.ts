import { WeirError } from '#contract/errors.js';
import type { DecisionRecord } from '#contract/record.js';
import type { RecordFilter, RecordStore } from '#contract/stores.js';
import { limitOf, matches, newestFirst } from './record-filter.js';

export interface MemoryRecordStoreOptions {
  /** How many records are kept; the one appended first goes first. */
  readonly keep: number;
}

/** A record of the last requests in memory: for tests, and for a gateway that is to keep nothing. */
export function memoryRecordStore(options: MemoryRecordStoreOptions): RecordStore {
  const keep = Math.max(1, options.keep);
  const records = new Map<string, DecisionRecord>();
  let dropped = 0;
  let closed = false;

  const found = (filter: RecordFilter): DecisionRecord[] => {
    if (closed) throw new WeirError('store.unavailable', 'The record is closed');
    return [...records.values()].filter(record => matches(filter, record));
  };
  return {
    append(record) {
      if (closed) {
        dropped++;
        return;
      }
      if (records.has(record.id)) return;
      if (records.size >= keep) {
        for (const oldest of records.keys()) {
          records.delete(oldest);
          break;
        }
      }
      records.set(record.id, record);
    },
    async find(id) {
      if (closed) throw new WeirError('store.unavailable', 'The record is closed');
      return records.get(id);
    },
    async list(filter = {}) {
      return found(filter).sort(newestFirst).slice(0, limitOf(filter));
    },
    async count(filter = {}) {
      return found(filter).length;
    },
    async flush() {
      if (closed) throw new WeirError('store.unavailable', 'The record is closed');
    },
    get dropped() {
      return dropped;
    },
    async close() {
      closed = true;
    },
  };
}
