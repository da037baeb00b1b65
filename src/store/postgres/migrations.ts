import type { PoolClient } from 'pg';
import { WeirError } from '#contract/errors.js';
import { COLUMNS } from './record-rows.js';

/** Tables that change together. */
export interface Schema {
  readonly name: string;
  /** What makes each version out of the one before; none is changed once released. */
  readonly versions: readonly string[];
}

const columns = Object.entries(COLUMNS)
  .map(([name, type]) => `${name} ${type}`)
  .join(',\n  ');

export const RECORD_SCHEMA: Schema = {
  name: 'record',
  versions: [
    `create table weir.records (
  ${columns},
  at timestamptz generated always as (to_timestamp(at_ms / 1000)) stored
);
create index records_at on weir.records (at_ms desc, id desc);
create index records_session on weir.records (session, at_ms desc);
create index records_caller on weir.records (caller, at_ms desc) where caller is not null;
create index records_troubles on weir.records (at_ms desc) where status in ('failed', 'cut');`,
  ],
};

export const RESPONSE_SCHEMA: Schema = {
  name: 'responses',
  versions: [
    `create table weir.responses (
  owner text not null,
  id text not null,
  at_ms double precision not null,
  previous text,
  input text not null,
  response text not null,
  bytes bigint not null,
  primary key (owner, id)
);
create index responses_at on weir.responses (at_ms desc, id desc);`,
    `create table weir.unwanted_responses (
  place bigint generated always as identity primary key,
  owner text not null,
  id text not null,
  unique (owner, id)
);`,
  ],
};

/** Any number that others are unlikely to lock by. */
const LOCK = 7_364_511;

/**
 * Brings a schema up to date, in one transaction; several gateways that start at once wait for one another.
 *
 * @throws WeirError `store.unavailable` when a newer Weir has been here.
 */
export async function migrate(client: PoolClient, { name, versions }: Schema, path: string): Promise<void> {
  await client.query('begin');
  try {
    await client.query('select pg_advisory_xact_lock($1)', [LOCK]);
    await client.query(
      `do $$ begin
        if to_regnamespace('weir') is null then create schema weir; end if;
      end $$;
      create table if not exists weir.schema_version (
        name text, version integer, applied_at timestamptz not null default now(), primary key (name, version)
      )`,
    );
    const { rows } = await client.query<{ version: number }>(
      'select coalesce(max(version), 0)::integer as version from weir.schema_version where name = $1',
      [name],
    );
    const version = rows[0]?.version ?? 0;
    if (version > versions.length) {
      throw new WeirError('store.unavailable', `The database was set up by a newer Weir (${name} schema ${version})`, {
        path,
        hint: `this one knows schemas up to ${versions.length}: use the newer Weir, or another database`,
      });
    }
    for (let next = version + 1; next <= versions.length; next++) {
      await client.query(versions[next - 1]!);
      await client.query('insert into weir.schema_version (name, version) values ($1, $2)', [name, next]);
    }
    await client.query('commit');
  } catch (error) {
    // The first error is the one to tell.
    await client.query('rollback').catch(() => {});
    throw error;
  }
}
