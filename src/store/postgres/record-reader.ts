import { Kysely, PostgresDialect } from 'kysely';
import { WeirError } from '#contract/errors.js';
import type { RecordReader } from '#store/record-reader.js';
import { endPool, openPool } from './connect.js';
import { RecordQuestions } from './record-questions.js';
import type { RecordTables } from './record-rows.js';

/**
 * Opens the decision record in Postgres for reading alone, also while gateways write it: nothing is set up, written or deleted.
 *
 * @param path the setting that asks for it, for error messages.
 * @throws WeirError `store.unavailable` when the package `pg` is not installed; so do questions when they cannot be answered.
 */
export async function openPostgresRecordReader(url: string, path: string): Promise<RecordReader> {
  const pool = await openPool(url, path, { connections: 1 });
  const db = new Kysely<RecordTables>({ dialect: new PostgresDialect({ pool }) });
  const questions = new RecordQuestions(db);
  const asking = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (cause) {
      const why = cause instanceof Error && cause.message !== '' ? cause.message : String(cause);
      throw new WeirError('store.unavailable', `The record cannot be read: ${why}`, { path, cause });
    }
  };
  return {
    find: id => asking(questions.find(id)),
    list: filter => asking(questions.list(filter)),
    count: filter => asking(questions.count(filter)),
    async close() {
      await db.destroy();
      await endPool(pool);
    },
  };
}
