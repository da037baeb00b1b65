import type { Pool, PoolClient } from 'pg';
import { isWeirError, WeirError } from '#contract/errors.js';
import { migrate } from './migrations.js';

/** Connections of one process: writing takes one, questions the others. */
const MOST_CONNECTIONS = 4;

/** Errors of the server that no waiting will mend: a wrong name, password or right, and a newer schema. */
const HOPELESS = /^(?:28|3D|3F|42)/;

/**
 * A pool of connections, not yet connected.
 *
 * @throws WeirError `store.unavailable` when the package `pg` is not installed.
 */
export async function openPool(url: string): Promise<Pool> {
  const { default: pg } = await import('pg').catch((cause: unknown) => {
    throw new WeirError('store.unavailable', 'A record in Postgres needs the package pg', {
      path: 'gateway.record.postgres',
      hint: 'npm install pg@8',
      cause,
    });
  });
  const pool = new pg.Pool({
    connectionString: url,
    max: MOST_CONNECTIONS,
    connectionTimeoutMillis: 3000,
    idleTimeoutMillis: 60_000,
    statement_timeout: 30_000,
    query_timeout: 35_000,
    application_name: 'weir',
    keepAlive: true,
  });
  // An idle connection that breaks is replaced at the next use.
  pool.on('error', () => {});
  return pool;
}

/** Sets the schema up, once. @throws what kept it from that; `store.unavailable` where waiting would not help. */
export async function setUp(pool: Pool): Promise<void> {
  let client: PoolClient | undefined;
  try {
    client = await pool.connect();
    await migrate(client);
  } catch (cause) {
    if (!isWeirError(cause) && !HOPELESS.test(codeOf(cause))) throw cause;
    throw isWeirError(cause)
      ? cause
      : new WeirError('store.unavailable', `Postgres refuses: ${(cause as Error).message}`, {
          path: 'gateway.record.postgres',
          cause,
        });
  } finally {
    client?.release();
  }
}

/** SQLSTATE of the server, or the code of the system call that failed. */
export function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : '';
}
