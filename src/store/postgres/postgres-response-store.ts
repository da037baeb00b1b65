import type { Pool } from 'pg';
import { isWeirError, WeirError } from '#contract/errors.js';
import { MOST_TURNS, type ResponseStore, type StoredResponse } from '#contract/stores.js';
import type { Bytes, Milliseconds } from '#contract/units.js';
import type { ResponseBounds } from '#store/response-database.js';
import { codeOf, endPool, openPool, setUp } from './connect.js';
import { RESPONSE_SCHEMA } from './migrations.js';
import { storableText } from './storable.js';

export interface PostgresResponseOptions extends ResponseBounds {
  readonly url: string;
  /** How often what is beyond the bounds is deleted, after something was written; 30 s unless said. */
  readonly pruneEveryMs?: Milliseconds;
  /** Told when responses could not be kept, at most once in ten seconds. */
  readonly onError?: (error: WeirError) => void;
}

const PATH = 'gateway.responses.postgres';
/** Responses that wait to be written hold no more than this. */
const MOST_WAITING: Bytes = 64 * 1024 ** 2;
const PRUNE_EVERY: Milliseconds = 30_000;
const COMPLAIN_EVERY: Milliseconds = 10_000;
const RETRY_AFTER: Milliseconds = 100;
const RETRY_AFTER_AT_MOST: Milliseconds = 5000;
/** Data that the server will never take. */
const REFUSED = /^(?:2[123]|54)/;

const FIELDS = 'r.owner, r.id, r.at_ms as at, r.previous, r.input, r.response';
const PUT = `insert into weir.responses (owner, id, at_ms, previous, input, response, bytes) values ($1, $2, $3, $4, $5, $6, $7)
  on conflict (owner, id) do update set at_ms = excluded.at_ms, previous = excluded.previous, input = excluded.input,
    response = excluded.response, bytes = excluded.bytes`;
const FIND = `select ${FIELDS} from weir.responses r where r.owner = $1 and r.id = $2 and r.at_ms >= $3`;
const CONVERSATION = `with recursive turns as (
    select ${FIELDS}, 1 as turn from weir.responses r where r.owner = $1 and r.id = $2 and r.at_ms >= $3
    union all
    select ${FIELDS}, turn + 1 from turns t join weir.responses r on r.owner = $1 and r.id = t.previous and r.at_ms >= $3
      where turn <= ${MOST_TURNS}
  ) select * from turns order by turn desc`;
const DELETE = 'delete from weir.responses where owner = $1 and id = $2';
const PRUNE = `delete from weir.responses r using (
    select owner, id, at_ms, row_number() over (order by at_ms desc, id desc) as place,
      sum(bytes) over (order by at_ms desc, id desc) as bytes from weir.responses
  ) ranked where r.owner = ranked.owner and r.id = ranked.id
    and (ranked.at_ms < $1 or ranked.place > $2 or (ranked.place > 1 and ranked.bytes > $3))`;

interface Row {
  readonly owner: string;
  readonly id: string;
  readonly at: number;
  readonly previous: string | null;
  readonly input: string;
  readonly response: string;
}

/**
 * Stored responses that several gateways share. It connects at the first use. What is put while the database is away waits within
 * bounds; what is asked for then is refused.
 */
export class PostgresResponseStore implements ResponseStore {
  dropped = 0;
  private pool: Promise<Pool> | undefined;
  private ready = false;
  private waiting: StoredResponse[] = [];
  private bytes: Bytes = 0;
  private writing: Promise<void> | undefined;
  private away: WeirError | undefined;
  private wait = RETRY_AFTER;
  private timer: NodeJS.Timeout | undefined;
  private prunedAt = Number.NEGATIVE_INFINITY;
  private complainedAt = Number.NEGATIVE_INFINITY;
  private closing: Promise<void> | undefined;

  constructor(private readonly options: PostgresResponseOptions) {}

  put(response: StoredResponse): void {
    const size = sizeOf(response);
    if (this.closing !== undefined || this.bytes + size > MOST_WAITING) {
      this.lose(1, this.away ?? unavailable('come faster than they can be written'));
      return;
    }
    this.waiting.push(response);
    this.bytes += size;
    if (this.away === undefined) void this.write();
  }

  async find(owner: string, id: string): Promise<StoredResponse | undefined> {
    const [row] = await this.ask<Row>(FIND, [owner, id], [this.oldest()]);
    return row === undefined ? undefined : storedOf(row, owner, id);
  }

  async conversation(owner: string, id: string): Promise<readonly StoredResponse[] | undefined> {
    const rows = await this.ask<Row>(CONVERSATION, [owner, id], [this.oldest()]);
    // Without a beginning it is not whole; beyond the bound it is cut, or goes in a circle.
    if (rows.length > MOST_TURNS || rows[0]?.previous !== null) return undefined;
    return rows.map(row => storedOf(row, owner, row.id));
  }

  async delete(owner: string, id: string): Promise<boolean> {
    return (await this.ask(`${DELETE} returning 1`, [owner, id], [])).length > 0;
  }

  async flush(): Promise<void> {
    if (this.waiting.length > 0) await this.write();
  }

  close(): Promise<void> {
    this.closing ??= this.shut();
    return this.closing;
  }

  private async shut(): Promise<void> {
    clearTimeout(this.timer);
    await this.writing;
    if (this.waiting.length > 0) await this.writeAll();
    if (this.waiting.length > 0) this.lose(this.waiting.length, this.away ?? unavailable('could not be written'));
    this.waiting = [];
    await this.pool?.then(endPool).catch(() => {});
  }

  /** Asks the database, after what was put before has been written. */
  private async ask<R>(text: string, names: readonly string[], rest: readonly unknown[]): Promise<readonly R[]> {
    if (this.closing !== undefined) throw unavailable('are closed');
    try {
      await this.write();
      if (this.waiting.length > 0 && this.away !== undefined) throw this.away;
      const pool = await this.connected();
      const { rows } = await pool.query({ text, values: [...names.map(storableText), ...rest] });
      return rows as R[];
    } catch (cause) {
      throw isWeirError(cause) ? cause : unavailable(`cannot be read: ${(cause as Error).message}`, cause);
    }
  }

  private write(): Promise<void> {
    this.writing ??= this.writeAll().finally(() => {
      this.writing = undefined;
      if (this.waiting.length > 0) this.later();
    });
    return this.writing;
  }

  private async writeAll(): Promise<void> {
    try {
      while (this.waiting.length > 0) {
        const pool = await this.connected();
        await this.insert(pool, this.waiting[0]!);
        this.bytes -= sizeOf(this.waiting.shift()!);
        this.away = undefined;
        this.wait = RETRY_AFTER;
        if (this.waiting.length === 0) await this.prune(pool);
      }
    } catch (cause) {
      this.away = isWeirError(cause) ? cause : unavailable(`cannot be written: ${(cause as Error).message}`, cause);
      this.complain(this.away);
      this.wait = Math.min(RETRY_AFTER_AT_MOST, this.wait * 2);
    }
  }

  private async insert(pool: Pool, { owner, id, at, previous, input, response }: StoredResponse): Promise<void> {
    const size = Buffer.byteLength(input) + Buffer.byteLength(response);
    const names = [owner, id].map(storableText);
    const before = previous === undefined ? null : storableText(previous);
    try {
      await pool.query(PUT, [...names, at, before, input, response, size]);
    } catch (error) {
      if (!REFUSED.test(codeOf(error))) throw error;
      this.lose(1, unavailable(`cannot hold one: ${(error as Error).message}`, error));
    }
  }

  /** What cannot be deleted now, because another gateway is at it or for longer than is waited, is deleted the next time. */
  private async prune(pool: Pool): Promise<void> {
    const { keep, keepBytes, pruneEveryMs = PRUNE_EVERY } = this.options;
    if (performance.now() - this.prunedAt < pruneEveryMs) return;
    this.prunedAt = performance.now();
    await pool
      .query(PRUNE, [this.oldest(), keep, keepBytes])
      .catch((cause: Error) =>
        this.complain(unavailable(`beyond the bounds cannot be deleted: ${cause.message}`, cause)),
      );
  }

  private async connected(): Promise<Pool> {
    this.pool ??= openPool(this.options.url, PATH, { connections: 2 });
    const pool = await this.pool;
    if (!this.ready) await setUp(pool, RESPONSE_SCHEMA, PATH);
    this.ready = true;
    return pool;
  }

  private oldest(): Milliseconds {
    return Date.now() - this.options.keepForMs;
  }

  private later(): void {
    if (this.closing !== undefined) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.write();
    }, this.wait).unref();
  }

  private lose(count: number, error: WeirError): void {
    this.dropped += count;
    this.complain(error);
  }

  private complain(error: WeirError): void {
    const now = performance.now();
    if (now - this.complainedAt < COMPLAIN_EVERY) return;
    this.complainedAt = now;
    this.options.onError?.(error);
  }
}

function storedOf({ at, previous, input, response }: Row, owner: string, id: string): StoredResponse {
  return { id, owner, at, input, response, ...(previous === null ? undefined : { previous }) };
}

function sizeOf({ input, response }: StoredResponse): Bytes {
  return input.length + response.length;
}

function unavailable(what: string, cause?: unknown): WeirError {
  return new WeirError('store.unavailable', `Stored responses ${what}`, { path: PATH, cause });
}
