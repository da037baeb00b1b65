import type { DatabaseSync } from '@photostructure/sqlite';
import { WeirError } from '#contract/errors.js';
import { GENERATED } from './record-table.js';

type Database = InstanceType<typeof DatabaseSync>;

/**
 * What makes each version of the schema out of the one before; none is changed once released. Tables are described per database,
 * unlike queries: types and generated columns are where dialects differ most.
 *
 * One index serves every listing: it grows at its end, since records come in the order of time, and holds all that lists are
 * filtered by. An index led by session would write to a random page for nearly every record (measured: half as much CPU again per record).
 */
const MIGRATIONS: readonly string[] = [
  `create table decisions (
    id text primary key,
    at real not null,
    session text not null,
    decision text not null,
    model text not null,
    status text not null,
    record text not null,
    ${GENERATED.map(([name, type, path]) => `${name} ${type} generated always as (json_extract(record, '${path}')) virtual`).join(',\n    ')}
  );
  create index decisions_at on decisions (at, session, decision, model, status);`,
];

/**
 * Brings the schema up to date, in one transaction.
 *
 * @throws WeirError `store.unavailable` when a newer Weir has written the file.
 */
export function migrate(database: Database): void {
  database.exec('create table if not exists schema_version (version integer not null, applied_at text not null)');
  database.exec('begin immediate');
  try {
    const version = currentVersion(database);
    for (let next = version + 1; next <= MIGRATIONS.length; next++) {
      database.exec(MIGRATIONS[next - 1]!);
      database
        .prepare("insert into schema_version (version, applied_at) values (?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))")
        .run(next);
    }
    database.exec('commit');
  } catch (error) {
    database.exec('rollback');
    throw error;
  }
}

function currentVersion(database: Database): number {
  const statement = database.prepare('select coalesce(max(version), 0) as version from schema_version');
  const { version } = statement.get() as { readonly version: number };
  if (version <= MIGRATIONS.length) return version;
  throw new WeirError('store.unavailable', `The record was written by a newer Weir (schema ${version})`, {
    hint: `this one knows schemas up to ${MIGRATIONS.length}: use the newer Weir, or another file`,
  });
}
