import { createHash } from 'node:crypto';
import type { Actor } from './identity.js';
import type { Milliseconds } from './units.js';

/** One change, before it has its place in the log. No secret and no hash of one is in it. */
export interface AuditDraft {
  readonly at: Milliseconds;
  readonly actor: Actor;
  /** `key.create`, `team.update`, … */
  readonly action: string;
  readonly target: { readonly kind: string; readonly id: string };
  readonly before?: unknown;
  readonly after?: unknown;
}

/** A row of the append-only log. Each row's hash covers the hash of the one before: nothing can be changed or taken out unseen. */
export interface AuditEntry extends AuditDraft {
  /** 1, 2, 3, …: without a gap. */
  readonly seq: number;
  readonly previous: string;
  readonly hash: string;
}

/** What the first row follows. */
export const AUDIT_ROOT = '0'.repeat(64);

/** The text that a row's hash is of: fields in a fixed order, keys of objects sorted. */
export function auditText(draft: AuditDraft): string {
  const { at, actor, action, target, before, after } = draft;
  return JSON.stringify(sorted([at, actor, action, target, before ?? null, after ?? null]));
}

/** SHA-256 over place, predecessor and text, in hexadecimal. */
export function auditHash(seq: number, previous: string, text: string): string {
  return createHash('sha256').update(`${seq}\n${previous}\n${text}`).digest('hex');
}

/** What a verification found. */
export interface AuditVerdict {
  readonly entries: number;
  /** The hash of the last row: kept elsewhere, it also proves that no row was cut off the end. */
  readonly head: string;
  readonly broken?: { readonly seq: number; readonly why: string };
}

/** Walks the chain. Entries must come in the order of `seq`, from the first on. */
export class AuditChain {
  private seq = 0;
  private head = AUDIT_ROOT;
  private broken: AuditVerdict['broken'];

  add(entry: AuditEntry): void {
    if (this.broken !== undefined) return;
    const seq = this.seq + 1;
    if (entry.seq !== seq) this.broken = { seq, why: `row ${seq} is missing: ${entry.seq} follows ${this.seq}` };
    else if (entry.previous !== this.head) this.broken = { seq, why: `row ${seq} does not follow the row before it` };
    else if (entry.hash !== auditHash(seq, entry.previous, auditText(entry)))
      this.broken = { seq, why: `row ${seq} is not what was written` };
    else {
      this.seq = seq;
      this.head = entry.hash;
    }
  }

  /** @param length how many rows the log says that it has, if it does. */
  verdict(length = 0): AuditVerdict {
    const { seq } = this;
    const cut = { seq: seq + 1, why: `row ${seq + 1} is missing: the log has had ${length}` };
    const broken = this.broken ?? (seq < length ? cut : undefined);
    return { entries: this.seq, head: this.head, ...(broken === undefined ? undefined : { broken }) };
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([name, inner]) => [name, sorted(inner)]));
}
