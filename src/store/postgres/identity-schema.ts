import { AUDIT_ROOT } from '#contract/audit.js';
import type { Schema } from './migrations.js';

/** What gateways are told by when the audit log grew. */
export const CHANNEL = 'weir_identity';

/** The tables of `identity-table.ts`: as in SQLite, but for types, for the triggers that guard the log, and for the notice. */
export const IDENTITY_SCHEMA: Schema = {
  name: 'identity',
  versions: [
    `create table weir.entities (
  kind text not null,
  id text not null,
  version integer not null,
  document text not null,
  changed_at double precision not null,
  primary key (kind, id)
);
create table weir.audit_log (
  seq bigint primary key,
  at double precision not null,
  actor text not null,
  action text not null,
  target text not null,
  text text not null,
  previous text not null,
  hash text not null
);
create index audit_log_target on weir.audit_log (target, seq);
create function weir.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only';
end $$;
create trigger audit_log_keeps before update or delete on weir.audit_log for each row execute function weir.refuse_change();
create trigger audit_log_stays before truncate on weir.audit_log for each statement execute function weir.refuse_change();
create function weir.tell() returns trigger language plpgsql as $$
begin
  perform pg_notify('${CHANNEL}', '');
  return null;
end $$;
create trigger audit_log_tells after insert on weir.audit_log for each statement execute function weir.tell();
create table weir.audit_head (one integer primary key check (one = 1), seq bigint not null, hash text not null);
insert into weir.audit_head values (1, 0, '${AUDIT_ROOT}');
create table weir.spend (
  kind text not null,
  id text not null,
  bucket bigint not null,
  nano_usd bigint not null,
  prompt_tokens bigint not null,
  completion_tokens bigint not null,
  requests bigint not null,
  primary key (kind, id, bucket)
);
create index spend_bucket on weir.spend (bucket);
create table weir.spend_batch (
  writer text not null,
  seq bigint not null,
  at double precision not null,
  primary key (writer, seq)
);
create index spend_batch_at on weir.spend_batch (at);
create table weir.key_use (key text primary key, at double precision not null);`,
  ],
};
