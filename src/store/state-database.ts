import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { WeirError } from '#contract/errors.js';

export type StateDatabase = InstanceType<typeof DatabaseSync>;

/** What makes each version of the schema out of the one before; none is changed once released. */
const MIGRATIONS: readonly string[] = [
  `create table config_versions (
    number integer primary key autoincrement,
    version text not null,
    at real not null,
    author text not null,
    note text not null,
    source text not null,
    text text not null
  ) strict;
  create index config_versions_source on config_versions (source, number);
  create table traffic (
    step integer not null,
    at real not null,
    bucket text not null,
    primary key (step, at)
  ) strict, without rowid;`,
];

/**
 * Opens the database of what must outlive the process. It may hold secrets that were written into a configuration, so nobody but its
 * owner can read it.
 *
 * @throws WeirError `store.unavailable` when it cannot be opened, is no database, or is a newer Weir's.
 */
export function openStateDatabase(path: string): StateDatabase {
  try {
    if (path !== ':memory:') {
      mkdirSync(dirname(path), { recursive: true });
      closeSync(openSync(path, 'a', 0o600));
    }
    const database = new DatabaseSync(path, { timeout: 1000 });
    try {
      database.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma cache_size = -1000');
      migrate(database);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (cause) {
    if (cause instanceof WeirError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new WeirError('store.unavailable', `${path} cannot be opened: ${reason}`, {
      path: 'gateway.state.path',
      hint: 'a path in a folder that can be written, to no file yet or to one that Weir made',
      cause,
    });
  }
}

function migrate(database: StateDatabase): void {
  const { user_version: version } = database.prepare('pragma user_version').get() as { readonly user_version: number };
  if (version > MIGRATIONS.length) {
    throw new WeirError('store.unavailable', `The state was written by a newer Weir (schema ${version})`, {
      path: 'gateway.state.path',
      hint: `this one knows schemas up to ${MIGRATIONS.length}: use the newer Weir, or another file`,
    });
  }
  for (let next = version; next < MIGRATIONS.length; next++) {
    database.exec(`begin immediate; ${MIGRATIONS[next]} pragma user_version = ${next + 1}; commit`);
  }
}
