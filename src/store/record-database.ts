import { DatabaseSync } from '@photostructure/sqlite';
import { isWeirError, WeirError } from '#contract/errors.js';
import type { Bytes, Milliseconds } from '#contract/units.js';
import { migrate } from './migrations.js';
import type { RecordBatch } from './record-batch.js';
import { DELETE_BEFORE, DELETE_OLDEST, INSERT } from './record-statements.js';

export type Database = InstanceType<typeof DatabaseSync>;

export interface RecordBounds {
  readonly keepForMs: Milliseconds;
  readonly keepBytes: Bytes;
}

/** Pages of 16 kB: measured, smaller ones cost more per byte and larger ones nothing less. */
const PAGE_BYTES = 16_384;
/** The log is folded into the file when it has this many pages: 16 MB, or an eighth of the file where that is small. */
const MAX_LOG_PAGES = 1000;
const MIN_LOG_PAGES = 16;
/** Batches that one step of pruning deletes for their age: a few milliseconds. For the size it deletes one. */
const PRUNE_BATCHES = 8;
/** Pages that one step gives back to the file system. */
const VACUUM_PAGES = 64;
const BUSY_TIMEOUT: Milliseconds = 5000;

/** The database of decision records, opened for writing: synchronous, so it belongs in a thread of its own. */
export class RecordDatabase {
  readonly database: Database;
  private readonly insert;
  private readonly deleteBefore;
  private readonly deleteOldest;
  private readonly pageCount;
  private readonly freeCount;

  /** @throws WeirError `store.unavailable` when the file cannot be opened, is no database, or is a newer Weir's. */
  constructor(
    path: string,
    private readonly bounds: RecordBounds,
  ) {
    this.database = opening(path, () => {
      const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT });
      try {
        const logPages = Math.floor(bounds.keepBytes / 8 / PAGE_BYTES);
        database.exec(`
          pragma page_size = ${PAGE_BYTES};
          pragma auto_vacuum = incremental;
          pragma journal_mode = wal;
          pragma synchronous = normal;
          pragma cache_size = -4000;
          pragma journal_size_limit = ${MAX_LOG_PAGES * PAGE_BYTES};
          pragma wal_autocheckpoint = ${Math.min(MAX_LOG_PAGES, Math.max(MIN_LOG_PAGES, logPages))};
        `);
        migrate(database);
        return database;
      } catch (error) {
        database.close();
        throw error;
      }
    });
    this.insert = this.database.prepare(INSERT);
    this.deleteBefore = this.database.prepare(DELETE_BEFORE);
    this.deleteOldest = this.database.prepare(DELETE_OLDEST);
    this.pageCount = this.database.prepare('pragma page_count');
    this.freeCount = this.database.prepare('pragma freelist_count');
  }

  /**
   * Writes batches in one transaction; when it fails, all are lost.
   *
   * @returns how many records were lost, and the reason.
   */
  write(batches: readonly RecordBatch[]): { readonly lost: number; readonly reason: unknown } {
    try {
      this.database.exec('begin immediate');
      for (const { firstAt, lastAt, records, facts, shared, json } of batches) {
        this.insert.run(firstAt, lastAt, records, new Uint8Array(facts), new Uint8Array(shared), new Uint8Array(json));
      }
      this.database.exec('commit');
      return { lost: 0, reason: undefined };
    } catch (error) {
      if (this.database.isTransaction) this.database.exec('rollback');
      return { lost: batches.reduce((sum, batch) => sum + batch.records, 0), reason: error };
    }
  }

  /**
   * One small step towards the bounds of age and size: deletes some of the oldest batches that are beyond them, and gives free pages
   * back to the file system.
   *
   * @returns whether there is more to do.
   */
  prune(now: Milliseconds): boolean {
    const before = now - this.bounds.keepForMs;
    let deleted = Number(this.deleteBefore.run(before, PRUNE_BATCHES).changes);
    if (deleted === 0 && this.usedBytes() > this.bounds.keepBytes) {
      deleted = Number(this.deleteOldest.run(1).changes);
    }
    if (deleted > 0) return true;
    if (count(this.pageCount) * PAGE_BYTES <= this.bounds.keepBytes || count(this.freeCount) === 0) return false;
    this.database.exec(`pragma incremental_vacuum(${VACUUM_PAGES})`);
    return true;
  }

  close(): void {
    this.database.close();
  }

  private usedBytes(): Bytes {
    return (count(this.pageCount) - count(this.freeCount)) * PAGE_BYTES;
  }
}

/** Opens a record that a gateway may be writing, for reading only. @throws WeirError `store.unavailable`. */
export function openReadOnly(path: string): Database {
  return opening(path, () => {
    const database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT });
    try {
      database.prepare('select count(*) from schema_version').get();
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

function opening(path: string, open: () => Database): Database {
  try {
    return open();
  } catch (cause) {
    if (isWeirError(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new WeirError('store.unavailable', `The record ${path} cannot be opened: ${reason}`, {
      path: 'gateway.record.path',
      hint: 'a path in a folder that can be written, to no file yet or to one that Weir made',
      cause,
    });
  }
}

function count(statement: { get(): unknown }): number {
  const row = statement.get() as Readonly<Record<string, number>>;
  for (const name in row) return row[name]!;
  return 0;
}
