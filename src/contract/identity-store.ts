import type { AuditDraft, AuditEntry } from './audit.js';
import type { NanoUsd, SubjectKind, SubjectRef, Versioned } from './identity.js';
import type { Milliseconds, Tokens } from './units.js';

/** What was used. All whole numbers, so that sums are exact in any order. */
export interface Spend {
  readonly nanoUsd: NanoUsd;
  readonly promptTokens: Tokens;
  readonly completionTokens: Tokens;
  readonly requests: number;
}

/** What a subject used within one {@link SPEND_BUCKET}: to be added to what stands there. */
export interface SpendDelta extends SubjectRef, Spend {
  /** Wall time at which the bucket begins; {@link ALL_TIME} for the sum that is never pruned. */
  readonly bucket: Milliseconds;
}

/**
 * The name of a batch of spending. A batch is sent again when it is not known whether it arrived: the store adds it once, and
 * remembers its name until a batch says that older ones are settled.
 */
export interface SpendName {
  /** The process, by a name that no other has. */
  readonly writer: string;
  readonly seq: number;
  /** No batch of the writer before this one will be sent again. */
  readonly oldest: number;
}

export interface NamedSpend extends SpendName {
  readonly deltas: readonly SpendDelta[];
}

/** Quarters of an hour: the start of a day, week or month falls on one in every time zone of today. */
export const SPEND_BUCKET: Milliseconds = 900_000;
/** The bucket of all time. */
export const ALL_TIME: Milliseconds = -1;

export interface AuditFilter {
  /** Only rows after this one. */
  readonly after?: number;
  /** Only rows before this one, newest first. */
  readonly before?: number;
  readonly target?: string;
  readonly actor?: string;
  /** At most this many; 100 unless said, never more than 1,000. */
  readonly limit?: number;
}

/** A change of one entity with its row for the log; `version` is the one it was made from, 0 for a new entity. */
export interface Change {
  readonly put: Versioned;
  readonly audit: AuditDraft;
}

/**
 * Where keys, teams, users, spending and the audit log live. Calls take effect in the order in which they are made. Several
 * processes may use one store: the audit log tells each what the others changed.
 *
 * All methods reject with `store.unavailable` when the store cannot be read or written.
 */
export interface IdentityStore {
  load(): Promise<readonly Versioned[]>;
  find(ref: SubjectRef): Promise<Versioned | undefined>;
  /**
   * Writes entity and log row together or not at all.
   *
   * @throws WeirError `identity.conflict` when the entity is not at the change's version, `identity.exists` when there is one with its id already.
   */
  commit(change: Change): Promise<AuditEntry>;
  /** Writes a row for something that changed no entity. */
  log(audit: AuditDraft): Promise<AuditEntry>;
  /** With `after` in ascending order of `seq`, else newest first. */
  audit(filter?: AuditFilter): Promise<readonly AuditEntry[]>;
  /** The place of the newest row; 0 when there is none. */
  auditHead(): Promise<number>;

  /** Adds to what stands in the buckets, all or nothing; a batch with a name only once. */
  addSpend(deltas: readonly SpendDelta[], name?: SpendName): Promise<void>;
  /** What a subject used in buckets that begin at or after `since`; with {@link ALL_TIME}, ever. */
  spent(ref: SubjectRef, since: Milliseconds): Promise<Spend>;
  /** Sums by subject over buckets that begin in [since, until), largest spending first. */
  usage(kind: SubjectKind, since: Milliseconds, until: Milliseconds): Promise<readonly (SubjectRef & Spend)[]>;
  /** Deletes buckets that begin before a time, except the ones of all time. @returns how many. */
  pruneSpend(before: Milliseconds): Promise<number>;

  /** Notes when keys were last used; of several times the latest counts. */
  touch(uses: readonly (readonly [key: string, at: Milliseconds])[]): Promise<void>;
  lastUses(): Promise<ReadonlyMap<string, Milliseconds>>;
  /** Where the database tells by itself that something may have changed: has that told. Nothing may rely on it. */
  watch?(changed: () => void): void;
  close(): Promise<void>;
}
