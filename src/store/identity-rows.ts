import type { AuditDraft, AuditEntry } from '#contract/audit.js';
import type { Versioned } from '#contract/identity.js';
import type { Spend, SpendDelta } from '#contract/identity-store.js';
import type { IdentityTables } from './identity-table.js';

/** An entity as it was written. */
export function entryOf(row: IdentityTables['entities']): Versioned {
  return { kind: row.kind, version: Number(row.version), entity: JSON.parse(row.document) as unknown } as Versioned;
}

/** A row of the log; without its hash where the columns that it is searched by say something else than it does itself. */
export function auditOf(row: IdentityTables['audit_log']): AuditEntry {
  const [at, actor, action, target, before, after] = JSON.parse(row.text) as [
    AuditDraft['at'],
    AuditDraft['actor'],
    string,
    AuditDraft['target'],
    unknown,
    unknown,
  ];
  const columns = [row.actor, row.action, row.target];
  const agree = [actor.id, action, target.id].every((text, i) => stored(text) === columns[i]) && Number(row.at) === at;
  return {
    ...{ seq: Number(row.seq), at, actor, action, target },
    ...(before === null ? undefined : { before }),
    ...(after === null ? undefined : { after }),
    previous: row.previous,
    hash: agree ? row.hash : '',
  };
}

/** A text as a column has it: in UTF-8 there are no half surrogate pairs. */
function stored(text: string): string {
  return Buffer.from(text).toString();
}

/** Spending as a row that is added. */
export function rowOf({
  kind,
  id,
  bucket,
  nanoUsd,
  promptTokens,
  completionTokens,
  requests,
}: SpendDelta): IdentityTables['spend'] {
  return {
    kind,
    id,
    bucket,
    nano_usd: nanoUsd,
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    requests,
  };
}

/** Spending as a row or a sum of rows has it. */
export function spendOf(row: {
  readonly nano_usd: unknown;
  readonly prompt_tokens: unknown;
  readonly completion_tokens: unknown;
  readonly requests: unknown;
}): Spend {
  return {
    nanoUsd: Number(row.nano_usd ?? 0),
    promptTokens: Number(row.prompt_tokens ?? 0),
    completionTokens: Number(row.completion_tokens ?? 0),
    requests: Number(row.requests ?? 0),
  };
}
