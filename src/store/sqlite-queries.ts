import { Kysely } from 'kysely';
import type { Database } from './record-database.js';
import { type RecordQueries, recordQueries } from './record-queries.js';
import type { RecordTables } from './record-table.js';
import { sqliteDialect } from './sqlite-dialect.js';

/** The typed queries over an open SQLite database. Loaded on first use: the query builder takes 20 MB. */
export function sqliteQueries(database: Database): RecordQueries {
  return recordQueries(new Kysely<RecordTables>({ dialect: sqliteDialect(database) }));
}
