import type { DatabaseSync } from '@photostructure/sqlite';
import { WeirError } from '#contract/errors.js';

type Database = InstanceType<typeof DatabaseSync>;

/** The end of a request as SQL reads it: a part of the batch, or a field of the record. */
const end = (name: string): string => `b.shared ->> ('$[' || (r.value ->> '$.outcome.is') || '].${name}') as`;
const route = (name: string): string => `b.shared ->> ('$[' || (r.value ->> '$.is') || '].${name}') as`;

/**
 * What makes each version of the schema out of the one before; none is changed once released. Tables are described per database,
 * unlike queries: types and views are where dialects differ most. The views are for people with the `sqlite3` tool.
 */
const RECORD_MIGRATIONS: readonly string[] = [
  `create table batches (
    id integer primary key,
    first_at real not null,
    last_at real not null,
    records integer not null,
    facts text not null,
    shared text not null,
    json text not null
  );
  create index batches_at on batches (last_at, first_at, records);
  create view decisions as select
    f.value ->> 0 as id, f.value ->> 1 as at, f.value ->> 2 as session, f.value ->> 3 as decision, f.value ->> 4 as model,
    f.value ->> 5 as status,
    ${route('api')} api, ${route('modelAsked')} model_asked, ${route('stream')} stream, r.value ->> '$.caller.key' as caller,
    ${end('pool')} pool, ${end('replica')} replica, ${end('httpStatus')} http_status, ${end('error')} error, ${end('finish')} finish,
    r.value ->> '$.outcome.usage.promptTokens' as prompt_tokens,
    r.value ->> '$.outcome.usage.completionTokens' as completion_tokens,
    r.value ->> '$.outcome.usage.cachedTokens' as cached_tokens,
    r.value ->> '$.outcome.costUsd' as cost_usd, r.value ->> '$.outcome.ttftMs' as ttft_ms,
    r.value ->> '$.outcome.e2eMs' as e2e_ms,
    r.value as record, b.shared as shared
  from batches b, json_each(b.json) r, json_each(b.facts) f where f.key = r.key;
  create view signals as select
    d.id, d.at, d.decision, p ->> '$.name' as name, p ->> '$.type' as type, p ->> '$.state' as state, p ->> '$.score' as score,
    p ->> '$.label' as label, p ->> '$.tier' as tier, p ->> '$.evidence' as evidence, ms
  from (select r.id, r.at, r.decision, s.value ->> 1 as ms, r.shared -> ('$[' || (s.value ->> 0) || ']') as p
    from decisions r, json_each(r.record, '$.signals') s) d;`,
];

/**
 * Brings the schema up to date, in one transaction.
 *
 * @throws WeirError `store.unavailable` when a newer Weir has written the file.
 */
export function migrate(database: Database, migrations: readonly string[] = RECORD_MIGRATIONS): void {
  database.exec('create table if not exists schema_version (version integer not null, applied_at text not null)');
  database.exec('begin immediate');
  try {
    const version = currentVersion(database, migrations.length);
    for (let next = version + 1; next <= migrations.length; next++) {
      database.exec(migrations[next - 1]!);
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

function currentVersion(database: Database, known: number): number {
  const statement = database.prepare('select coalesce(max(version), 0) as version from schema_version');
  const { version } = statement.get() as { readonly version: number };
  if (version <= known) return version;
  throw new WeirError('store.unavailable', `The record was written by a newer Weir (schema ${version})`, {
    hint: `this one knows schemas up to ${known}: use the newer Weir, or another file`,
  });
}
