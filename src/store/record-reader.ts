import type { DecisionRecord } from '#contract/record.js';
import type { RecordFilter, RecordStore } from '#contract/stores.js';
import { openReadOnly } from './record-database.js';
import { sqliteQueries } from './sqlite-queries.js';

/** The half of a {@link RecordStore} that looks things up. */
export type RecordReader = Pick<RecordStore, 'find' | 'list' | 'count' | 'close'>;

/**
 * Opens a record for reading only, in the calling thread, also while a gateway writes it: for the command line and tests.
 *
 * @throws WeirError `store.unavailable` when there is no such file or it is no record.
 */
export async function openRecordReader(path: string): Promise<RecordReader> {
  const database = openReadOnly(path);
  const queries = await sqliteQueries(database);
  return {
    async find(id) {
      const json = await queries.find(id, Number.NEGATIVE_INFINITY);
      return json === undefined ? undefined : parse(json);
    },
    async list(filter: RecordFilter = {}) {
      return (await queries.list(filter)).map(parse);
    },
    count: (filter: RecordFilter = {}) => queries.count(filter),
    async close() {
      if (database.isOpen) database.close();
    },
  };
}

function parse(json: string): DecisionRecord {
  return JSON.parse(json) as DecisionRecord;
}
