import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync } from '@photostructure/sqlite';
import { WeirError } from '#contract/errors.js';
import { MOST_TURNS, MOST_UNWANTED, type StoredResponse } from '#contract/stores.js';
import type { Bytes, Milliseconds } from '#contract/units.js';

export interface ResponseBounds {
  readonly keepForMs: Milliseconds;
  /** Responses kept at most; the oldest go first. */
  readonly keep: number;
  /** Bytes of all responses and inputs kept at most. */
  readonly keepBytes: Bytes;
}

const SCHEMA = `
  create table if not exists responses (
    owner text not null,
    id text not null,
    at real not null,
    previous text,
    input text not null,
    response text not null,
    bytes integer not null,
    primary key (owner, id)
  );
  create index if not exists responses_at on responses (at);
  create table if not exists unwanted (place integer primary key, owner text not null, id text not null, unique (owner, id));
`;

/** Kept by the database: several processes write to one file, and each would count what it has put itself. */
const TOTALS = `
  create table if not exists totals (one integer primary key check (one = 1), count integer not null, bytes integer not null);
  insert or ignore into totals select 1, count(*), coalesce(sum(bytes), 0) from responses;
  create trigger if not exists responses_come after insert on responses
    begin update totals set count = count + 1, bytes = bytes + new.bytes; end;
  create trigger if not exists responses_go after delete on responses
    begin update totals set count = count - 1, bytes = bytes - old.bytes; end;
`;

interface Row {
  readonly owner: string;
  readonly id: string;
  readonly at: number;
  readonly previous: string | null;
  readonly input: string;
  readonly response: string;
}

/** The database of stored responses: synchronous, so it belongs in a thread of its own. */
export class ResponseDatabase {
  private readonly database;
  private readonly insert;
  private readonly select;
  private readonly remove;
  private readonly refuse;
  private readonly refused;
  private readonly forget;
  private readonly oldest;
  private readonly removeRow;
  private readonly totals;

  /** @throws WeirError `store.unavailable` when the file cannot be opened or is no database. */
  constructor(
    path: string,
    private readonly bounds: ResponseBounds,
  ) {
    try {
      if (path !== ':memory:') {
        // They hold the text of prompts and answers: nobody but the owner is to read them.
        closeSync(openSync(path, 'a', 0o600));
        chmodSync(path, 0o600);
      }
      this.database = new DatabaseSync(path, { timeout: 5000 });
      this.database.exec(
        `pragma auto_vacuum = incremental; pragma journal_mode = wal; pragma synchronous = normal; pragma cache_size = -2000; begin immediate; ${SCHEMA} ${TOTALS} commit;`,
      );
      this.insert = this.database.prepare(
        'insert into responses (owner, id, at, previous, input, response, bytes) values (?, ?, ?, ?, ?, ?, ?)',
      );
      this.select = this.database.prepare(
        'select owner, id, at, previous, input, response from responses where owner = ? and id = ? and at >= ?',
      );
      this.remove = this.database.prepare('delete from responses where owner = ? and id = ?');
      this.refuse = this.database.prepare('insert or ignore into unwanted (owner, id) values (?, ?)');
      this.refused = this.database.prepare('select 1 from unwanted where owner = ? and id = ?');
      this.forget = this.database.prepare('delete from unwanted where place <= (select max(place) from unwanted) - ?');
      this.oldest = this.database.prepare('select rowid as row, at from responses order by at limit 1');
      this.removeRow = this.database.prepare('delete from responses where rowid = ?');
      this.totals = this.database.prepare('select count, bytes from totals');
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new WeirError('store.unavailable', `The stored responses in ${path} cannot be opened: ${reason}`, {
        path: 'gateway.responses.path',
        hint: 'a path in a folder that can be written, to no file yet or to one that Weir made',
        cause,
      });
    }
  }

  /** Keeps a response in place of any other with its id, and lets go of what is beyond the bounds. */
  put({ owner, id, at, previous, input, response }: StoredResponse, now: Milliseconds): void {
    if (this.refused.get(owner, id) !== undefined) return;
    this.remove.run(owner, id);
    const bytes = Buffer.byteLength(input) + Buffer.byteLength(response);
    this.insert.run(owner, id, at, previous ?? null, input, response, bytes);
    this.prune(now);
  }

  find(owner: string, id: string, now: Milliseconds): StoredResponse | undefined {
    const row = this.select.get(owner, id, now - this.bounds.keepForMs) as Row | undefined;
    if (row === undefined) return undefined;
    const { previous, ...rest } = row;
    return previous === null ? rest : { ...rest, previous };
  }

  conversation(owner: string, id: string, now: Milliseconds): StoredResponse[] | undefined {
    const turns: StoredResponse[] = [];
    let next: string | undefined = id;
    while (next !== undefined) {
      const found: StoredResponse | undefined = turns.length < MOST_TURNS ? this.find(owner, next, now) : undefined;
      if (found === undefined) return undefined;
      turns.push(found);
      next = found.previous;
    }
    return turns.reverse();
  }

  delete(owner: string, id: string): boolean {
    if (Number(this.remove.run(owner, id).changes) > 0) return true;
    this.refuse.run(owner, id);
    this.forget.run(MOST_UNWANTED);
    return false;
  }

  close(): void {
    this.database.close();
  }

  private prune(now: Milliseconds): void {
    const { keepForMs, keep, keepBytes } = this.bounds;
    for (;;) {
      const oldest = this.oldest.get() as { readonly row: number; readonly at: number } | undefined;
      if (oldest === undefined) return;
      const { count, bytes } = this.totals.get() as { readonly count: number; readonly bytes: Bytes };
      if (oldest.at >= now - keepForMs && count <= keep && bytes <= keepBytes) return;
      this.removeRow.run(oldest.row);
      this.database.exec('pragma incremental_vacuum(64)');
    }
  }
}
