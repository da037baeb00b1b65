import { AUDIT_ROOT } from '#contract/audit.js';

/**
 * The schema of the identity database in SQLite, version by version; none is changed once released. Types and triggers are where
 * dialects differ: `postgres/identity-schema.ts` is the same for Postgres.
 */
export const IDENTITY_MIGRATIONS: readonly string[] = [
  `create table entities (
    kind text not null,
    id text not null,
    version integer not null,
    document text not null,
    changed_at real not null,
    primary key (kind, id)
  );
  create table audit_log (
    seq integer primary key,
    at real not null,
    actor text not null,
    action text not null,
    target text not null,
    text text not null,
    previous text not null,
    hash text not null
  );
  create index audit_log_target on audit_log (target, seq);
  create trigger audit_log_keeps before update on audit_log begin select raise(abort, 'the audit log is append-only'); end;
  create trigger audit_log_stays before delete on audit_log begin select raise(abort, 'the audit log is append-only'); end;
  create table audit_head (one integer primary key check (one = 1), seq integer not null, hash text not null);
  insert into audit_head values (1, 0, '${AUDIT_ROOT}');
  create table spend (
    kind text not null,
    id text not null,
    bucket integer not null,
    nano_usd integer not null,
    prompt_tokens integer not null,
    completion_tokens integer not null,
    requests integer not null,
    primary key (kind, id, bucket)
  ) without rowid;
  create index spend_bucket on spend (bucket);
  create table key_use (key text primary key, at real not null) without rowid;`,
  `create table spend_batch (
    writer text not null,
    seq integer not null,
    at real not null,
    primary key (writer, seq)
  ) without rowid;`,
];
