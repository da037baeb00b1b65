import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { describe, expect, it } from 'vitest';
import { recordQueries } from '#store/record-queries.js';
import { DELETE_BEFORE, DELETE_OLDEST, INSERT } from '#store/record-statements.js';
import type { RecordTables } from '#store/record-table.js';

describe('the statements run by hand', () => {
  it('are what the typed query layer compiles', () => {
    const db = new Kysely<RecordTables>({
      dialect: {
        createAdapter: () => new SqliteAdapter(),
        createDriver: () => new DummyDriver(),
        createIntrospector: kysely => new SqliteIntrospector(kysely),
        createQueryCompiler: () => new SqliteQueryCompiler(),
      },
    });
    const { insert, deleteBefore, deleteOldest } = recordQueries(db).compiled();
    expect(INSERT).toBe(insert.sql);
    expect(DELETE_BEFORE).toBe(deleteBefore.sql);
    expect(DELETE_OLDEST).toBe(deleteOldest.sql);
  });

  it('compile for Postgres too', () => {
    const db = new Kysely<RecordTables>({
      dialect: {
        createAdapter: () => new PostgresAdapter(),
        createDriver: () => new DummyDriver(),
        createIntrospector: kysely => new PostgresIntrospector(kysely),
        createQueryCompiler: () => new PostgresQueryCompiler(),
      },
    });
    const { insert, deleteBefore } = recordQueries(db).compiled();
    expect(insert.sql).toBe(numbered(INSERT));
    expect(deleteBefore.sql).toBe(numbered(DELETE_BEFORE));
  });
});

function numbered(sql: string): string {
  let parameter = 0;
  return sql.replace(/\?/g, () => `$${++parameter}`);
}
