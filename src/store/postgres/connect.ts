import type { Pool, PoolClient } from 'pg';
import { isWeirError, WeirError } from '#contract/errors.js';
import type { Milliseconds } from '#contract/units.js';
import { migrate, type Schema } from './migrations.js';

/** Connections of one store in one process, unless said: writing takes one, questions the others. */
const MOST_CONNECTIONS = 4;
const PATIENCE: Milliseconds = 30_000;
const TIMEOUT: Milliseconds = 3000;

/** Errors of the server that no waiting will mend: a wrong name, password or right, and a newer schema. */
const HOPELESS = /^(?:28|3D|3F|42)/;

/**
 * A pool of connections, not yet connected.
 *
 * @param path the setting that asks for it, for error messages.
 * @throws WeirError `store.unavailable` when the package `pg` is not installed.
 */
export async function openPool(
  url: string,
  path: string,
  { connections = MOST_CONNECTIONS, patienceMs = PATIENCE }: { connections?: number; patienceMs?: Milliseconds } = {},
): Promise<Pool> {
  const { Pool } = await loadDriver(path);
  const pool = new Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: TIMEOUT,
    idleTimeoutMillis: 60_000,
    statement_timeout: patienceMs,
    // Where the server itself does not answer.
    query_timeout: patienceMs + 1000,
    application_name: 'weir',
    keepAlive: true,
  });
  // A connection that breaks is replaced at the next use; what was asked on it rejects by itself.
  pool.on('error', () => {});
  pool.on('connect', client => client.on('error', () => {}));
  return pool;
}

/** @throws WeirError `store.unavailable` when the package `pg` is not installed. */
export async function loadDriver(path: string): Promise<typeof import('pg').default> {
  const { default: pg } = await import('pg').catch((cause: unknown) => {
    throw new WeirError('store.unavailable', 'Postgres needs the package pg', {
      path,
      hint: 'npm install pg@8',
      cause,
    });
  });
  return pg;
}

/** Sets a schema up, once. @throws what kept it from that; `store.unavailable` where waiting would not help. */
export async function setUp(pool: Pool, schema: Schema, path: string): Promise<void> {
  let client: PoolClient | undefined;
  try {
    client = await pool.connect();
    await migrate(client, schema, path);
  } catch (cause) {
    if (!isWeirError(cause) && !HOPELESS.test(codeOf(cause))) throw cause;
    throw isWeirError(cause)
      ? cause
      : new WeirError('store.unavailable', `Postgres refuses: ${(cause as Error).message}`, { path, cause });
  } finally {
    client?.release();
  }
}

/** Ends a pool, also one that the query builder over it never used and therefore leaves open, or has ended already. */
export async function endPool(pool: Pool): Promise<void> {
  if (!pool.ending) await pool.end();
}

/** SQLSTATE of the server, or the code of the system call that failed. */
export function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : '';
}
