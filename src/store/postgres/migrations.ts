import type { PoolClient } from 'pg';
import { WeirError } from '#contract/errors.js';
import { COLUMNS } from './record-rows.js';

const columns = Object.entries(COLUMNS)
  .map(([name, type]) => `${name} ${type}`)
  .join(',\n  ');

/** What makes each version of the schema out of the one before; none is changed once released. */
const MIGRATIONS: readonly string[] = [
  `create table weir_records (
  ${columns},
  at timestamptz generated always as (to_timestamp(at_ms / 1000)) stored
);
create index weir_records_at on weir_records (at_ms desc, id desc);
create index weir_records_session on weir_records (session, at_ms desc);
create index weir_records_caller on weir_records (caller, at_ms desc) where caller is not null;
create index weir_records_troubles on weir_records (at_ms desc) where status in ('failed', 'cut');`,
];

/** Any number that others are unlikely to lock by. */
const LOCK = 7_364_511;

/**
 * Brings the schema up to date, in one transaction; several gateways that start at once wait for one another.
 *
 * @throws WeirError `store.unavailable` when a newer Weir has been here.
 */
export async function migrate(client: PoolClient): Promise<void> {
  await client.query('begin');
  try {
    await client.query('select pg_advisory_xact_lock($1)', [LOCK]);
    await client.query(
      'create table if not exists weir_schema (version integer primary key, applied_at timestamptz not null default now())',
    );
    const { rows } = await client.query<{ version: number }>(
      'select coalesce(max(version), 0)::integer as version from weir_schema',
    );
    const version = rows[0]?.version ?? 0;
    if (version > MIGRATIONS.length) {
      throw new WeirError('store.unavailable', `The database was set up by a newer Weir (schema ${version})`, {
        path: 'gateway.record.postgres',
        hint: `this one knows schemas up to ${MIGRATIONS.length}: use the newer Weir, or another database`,
      });
    }
    for (let next = version + 1; next <= MIGRATIONS.length; next++) {
      await client.query(MIGRATIONS[next - 1]!);
      await client.query('insert into weir_schema (version) values ($1)', [next]);
    }
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}
