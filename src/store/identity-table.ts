/**
 * Tables of keys, teams, users, spending and audit log, as typed queries see them. Numbers may come back as text from databases whose
 * integers are wider than JavaScript's: queries read them with `Number`.
 */
export interface EntitiesTable {
  readonly kind: string;
  readonly id: string;
  readonly version: number;
  /** The entity as JSON. */
  readonly document: string;
  readonly changed_at: number;
}

export interface AuditLogTable {
  readonly seq: number;
  readonly at: number;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  /** What the hash is of: see `auditText`. */
  readonly text: string;
  readonly previous: string;
  readonly hash: string;
}

/** One row: the end of the log. Changing it first makes writers take turns, in every database. */
export interface AuditHeadTable {
  readonly one: number;
  readonly seq: number;
  readonly hash: string;
}

export interface SpendTable {
  readonly kind: string;
  readonly id: string;
  readonly bucket: number;
  readonly nano_usd: number;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly requests: number;
}

/** Batches of spending that may be sent again. */
export interface SpendBatchTable {
  readonly writer: string;
  readonly seq: number;
  /** When it was added, to the clock of the writer. */
  readonly at: number;
}

export interface KeyUseTable {
  readonly key: string;
  readonly at: number;
}

export interface IdentityTables {
  readonly entities: EntitiesTable;
  readonly audit_log: AuditLogTable;
  readonly audit_head: AuditHeadTable;
  readonly spend: SpendTable;
  readonly spend_batch: SpendBatchTable;
  readonly key_use: KeyUseTable;
}
