import type { DatabaseSync } from '@photostructure/sqlite';
import { type Dialect, SqliteDialect } from 'kysely';

/** Kysely over an open {@link DatabaseSync}, whose lifetime stays with whoever opened it. */
export function sqliteDialect(database: InstanceType<typeof DatabaseSync>): Dialect {
  return new SqliteDialect({
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
