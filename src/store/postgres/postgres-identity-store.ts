import { Kysely, PostgresDialect } from 'kysely';
import type { Pool } from 'pg';
import { isWeirError, WeirError } from '#contract/errors.js';
import type { IdentityTables } from '#store/identity-table.js';
import { SqlIdentityStore } from '#store/sql-identity-store.js';
import { endPool, openPool, setUp } from './connect.js';
import { CHANNEL, IDENTITY_SCHEMA } from './identity-schema.js';
import { Notices } from './notices.js';

const PATH = 'gateway.auth.postgres';

/** The identity store of gateways on several machines. */
export class PostgresIdentityStore extends SqlIdentityStore {
  private notices: Notices | undefined;

  /**
   * Connects and sets the schema up.
   *
   * @throws WeirError `store.unavailable` when the database cannot be reached: without it nobody is known yet.
   */
  static async open(url: string): Promise<PostgresIdentityStore> {
    const pool = await openPool(url, PATH, { connections: 1, patienceMs: 10_000 });
    try {
      await setUp(pool, IDENTITY_SCHEMA, PATH);
    } catch (cause) {
      await endPool(pool);
      if (isWeirError(cause)) throw cause;
      const reason = (cause as Error).message || String(cause);
      throw new WeirError('store.unavailable', `Postgres cannot be reached: ${reason}`, { path: PATH, cause });
    }
    return new PostgresIdentityStore(url, pool);
  }

  private constructor(
    private readonly url: string,
    pool: Pool,
  ) {
    const db = new Kysely<IdentityTables>({ dialect: new PostgresDialect({ pool }) });
    super(db.withSchema('weir'), () => endPool(pool));
  }

  watch(changed: () => void): void {
    this.notices ??= new Notices(this.url, CHANNEL, changed);
  }

  override async close(): Promise<void> {
    await this.notices?.close();
    await super.close();
  }
}
