import type { Dialect, SqliteDialect } from 'kysely';
import type { Database } from './record-database.js';
import type { RecordQueries } from './record-queries.js';
import type { RecordTables } from './record-table.js';

/** The typed queries over an open SQLite database. The query builder is loaded on first use: it takes 20 MB. */
export async function sqliteQueries(database: Database): Promise<RecordQueries> {
  const [kysely, { recordQueries }] = await Promise.all([import('kysely'), import('./record-queries.js')]);
  return recordQueries(new kysely.Kysely<RecordTables>({ dialect: dialectOver(database, kysely.SqliteDialect) }));
}

/** Kysely's SQLite dialect over the interface of `node:sqlite`. The database's lifetime stays with whoever opened it. */
export function dialectOver(database: Database, Sqlite: typeof SqliteDialect): Dialect {
  return new Sqlite({
    database: {
      prepare(sql: string) {
        const statement = database.prepare(sql);
        return {
          reader: statement.columns().length > 0,
          all: (parameters: readonly unknown[]) => statement.all(...parameters),
          run: (parameters: readonly unknown[]) => statement.run(...parameters),
          iterate: (parameters: readonly unknown[]) => statement.iterate(...parameters),
        };
      },
      close() {},
    },
  });
}
