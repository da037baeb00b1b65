import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { Kysely, SqliteDialect } from 'kysely';
import { isWeirError, WeirError } from '#contract/errors.js';
import type { IdentityStore } from '#contract/identity-store.js';
import { IDENTITY_MIGRATIONS } from './identity-migrations.js';
import type { IdentityTables } from './identity-table.js';
import { migrate } from './migrations.js';
import type { Database } from './record-database.js';
import { SqlIdentityStore } from './sql-identity-store.js';
import { dialectOver } from './sqlite-queries.js';

const BUSY_TIMEOUT = 5000;

/**
 * Opens the identity database in the calling thread, also while a gateway uses it: for the command line and tests. The file is made,
 * readable by its owner only, when it is not there.
 *
 * @throws WeirError `store.unavailable` when it cannot be opened, is no database, or is a newer Weir's.
 */
export function openSqliteIdentityStore(path: string): IdentityStore {
  const database = open(path);
  const db = new Kysely<IdentityTables>({ dialect: dialectOver(database, SqliteDialect) });
  return new SqlIdentityStore(db, () => {
    if (database.isOpen) database.close();
  });
}

function open(path: string): Database {
  let database: Database | undefined;
  try {
    if (path !== ':memory:') {
      mkdirSync(dirname(path), { recursive: true });
      closeSync(openSync(path, 'a', 0o600));
      chmodSync(path, 0o600);
    }
    database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT });
    // Full: a revocation that was acknowledged must survive a power cut.
    database.exec('pragma journal_mode = wal; pragma synchronous = full;');
    migrate(database, IDENTITY_MIGRATIONS);
    return database;
  } catch (cause) {
    database?.close();
    if (isWeirError(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new WeirError('store.unavailable', `The identity database ${path} cannot be opened: ${reason}`, {
      path: 'gateway.auth.path',
      hint: 'a path in a folder that can be written, to no file yet or to one that Weir made',
      cause,
    });
  }
}
