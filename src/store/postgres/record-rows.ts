import type { DecisionRecord } from '#contract/record.js';

/**
 * The table of records in Postgres: a row a request, unlike SQLite's batches. Several gateways write it, it is deleted by age from one
 * end, and above all people ask it things: what they ask for most has columns, and `record` has everything.
 */
export interface RecordRow {
  readonly id: string;
  /** Wall time of arrival, ms since the Unix epoch: exact, unlike its `at`. */
  readonly at_ms: number;
  readonly session: string;
  readonly decision: string;
  readonly model: string;
  readonly status: string;
  readonly api: string;
  readonly model_asked: string;
  readonly caller: string | null;
  readonly end_user: string | null;
  readonly pool: string | null;
  readonly replica: string | null;
  readonly http_status: number;
  readonly error: string | null;
  readonly attempts: number;
  readonly prompt_tokens: number | null;
  readonly completion_tokens: number | null;
  readonly cached_tokens: number | null;
  readonly cost_usd: number | null;
  readonly joules: number | null;
  readonly queued_ms: number;
  readonly ttft_ms: number | null;
  readonly e2e_ms: number;
  readonly config_version: string;
  /** JSON, read as text. */
  readonly record: string;
}

export interface RecordTables {
  readonly 'weir.records': RecordRow;
}

/** Every column with its type, in the order of the table. */
export const COLUMNS: Readonly<Record<keyof RecordRow, string>> = {
  id: 'text collate "C" primary key',
  at_ms: 'double precision not null',
  session: 'text not null',
  decision: 'text not null',
  model: 'text not null',
  status: 'text not null',
  api: 'text not null',
  model_asked: 'text not null',
  caller: 'text',
  end_user: 'text',
  pool: 'text',
  replica: 'text',
  http_status: 'integer not null',
  error: 'text',
  attempts: 'integer not null',
  prompt_tokens: 'bigint',
  completion_tokens: 'bigint',
  cached_tokens: 'bigint',
  cost_usd: 'double precision',
  joules: 'double precision',
  queued_ms: 'double precision not null',
  ttft_ms: 'double precision',
  e2e_ms: 'double precision not null',
  config_version: 'text not null',
  record: 'json not null',
};

/** A record as a row. */
export function rowOf(record: DecisionRecord): Omit<RecordRow, 'record'> & { readonly record: DecisionRecord } {
  const { outcome, caller, profile } = record;
  const { usage } = outcome;
  return {
    id: record.id,
    at_ms: record.at,
    session: profile.session,
    decision: record.decision,
    model: outcome.model,
    status: outcome.status,
    api: record.api,
    model_asked: record.modelAsked,
    caller: caller.key ?? null,
    end_user: caller.user ?? null,
    pool: outcome.pool === '' ? null : outcome.pool,
    replica: outcome.replica === '' ? null : outcome.replica,
    http_status: outcome.httpStatus,
    error: outcome.error ?? null,
    attempts: record.attempts.length,
    prompt_tokens: usage?.promptTokens ?? null,
    completion_tokens: usage?.completionTokens ?? null,
    cached_tokens: usage?.cachedTokens ?? null,
    cost_usd: outcome.costUsd ?? null,
    joules: outcome.joules ?? null,
    queued_ms: outcome.queuedMs,
    ttft_ms: outcome.ttftMs ?? null,
    e2e_ms: outcome.e2eMs,
    config_version: record.configVersion,
    record,
  };
}
