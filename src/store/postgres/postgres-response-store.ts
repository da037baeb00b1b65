import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { isWeirError, WeirError } from '#contract/errors.js';
import { MOST_TURNS, type ResponseStore, type StoredResponse } from '#contract/stores.js';
import type { Bytes, Milliseconds } from '#contract/units.js';
import type { ResponseBounds } from '#store/response-database.js';
import { codeOf, endPool, openPool, setUp } from './connect.js';
import { RESPONSE_SCHEMA } from './migrations.js';
import { CONVERSATION, columnsOf, DELETE, FIND, PRUNE, PUT, REFUSE, type Row, storedOf } from './response-rows.js';
import { storableText } from './storable.js';

export interface PostgresResponseOptions extends ResponseBounds {
  readonly url: string;
  /** How often what is beyond the bounds is deleted, after something was written; 30 s unless said. */
  readonly pruneEveryMs?: Milliseconds;
  /** Lets time pass before what was not found is looked for again. */
  readonly pause?: (time: Milliseconds) => Promise<unknown>;
  /** Told when responses could not be kept, at most once in ten seconds. */
  readonly onError?: (error: WeirError) => void;
}

const PATH = 'gateway.responses.postgres';
/**
 * A client that has its answer may be at another gateway before the response is written there: what is not found is looked for again
 * after these times.
 */
const LOOK_AGAIN: readonly Milliseconds[] = [50, 200];
/** Responses that are written with one statement, and how long they are together but for the last. */
const MOST_AT_ONCE = 64;
const MOST_BYTES_AT_ONCE: Bytes = 1024 ** 2;
/** Responses that wait to be written hold no more than this. */
const MOST_WAITING: Bytes = 64 * 1024 ** 2;
const PRUNE_EVERY: Milliseconds = 30_000;
const COMPLAIN_EVERY: Milliseconds = 10_000;
const RETRY_AFTER: Milliseconds = 100;
const RETRY_AFTER_AT_MOST: Milliseconds = 5000;
/** Data that the server will never take. */
const REFUSED = /^(?:2[123]|54)/;

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
    const [row] = await this.look<Row>(FIND, [owner, id], [this.oldest()]);
    return row === undefined ? undefined : storedOf(row, owner, id);
  }

  async conversation(owner: string, id: string): Promise<readonly StoredResponse[] | undefined> {
    const rows = await this.look<Row>(CONVERSATION, [owner, id], [this.oldest()]);
    // Without a beginning it is not whole; beyond the bound it is cut, or goes in a circle.
    if (rows.length > MOST_TURNS || rows[0]?.previous !== null) return undefined;
    return rows.map(row => storedOf(row, owner, row.id));
  }

  async delete(owner: string, id: string): Promise<boolean> {
    const gone = `${DELETE} returning 1`;
    if ((await this.look(gone, [owner, id], [])).length > 0) return true;
    await this.ask(REFUSE, [owner, id], []);
    // It may have been written in between.
    return (await this.ask(gone, [owner, id], [])).length > 0;
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

  /** As {@link ask}, more than once where there is nothing. */
  private async look<R>(text: string, names: readonly string[], rest: readonly unknown[]): Promise<readonly R[]> {
    const { pause = sleep } = this.options;
    let rows = await this.ask<R>(text, names, rest);
    for (const time of LOOK_AGAIN) {
      if (rows.length > 0) break;
      await pause(time);
      rows = await this.ask<R>(text, names, rest);
    }
    return rows;
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
        const batch = this.nextBatch();
        await this.insert(pool, batch);
        for (const written of this.waiting.splice(0, batch.length)) this.bytes -= sizeOf(written);
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

  /** What has waited longest, as far as one statement takes it. */
  private nextBatch(): readonly StoredResponse[] {
    let bytes = 0;
    const end = this.waiting.findIndex((response, at) => {
      if (at === MOST_AT_ONCE || bytes > MOST_BYTES_AT_ONCE) return true;
      bytes += sizeOf(response);
      return false;
    });
    return this.waiting.slice(0, end < 0 ? this.waiting.length : end);
  }

  /** Writes a batch. Where the server will never take it, each is written by itself: those that it takes are not lost with the one. */
  private async insert(pool: Pool, batch: readonly StoredResponse[]): Promise<void> {
    try {
      await pool.query(PUT, columnsOf(batch));
    } catch (error) {
      if (!REFUSED.test(codeOf(error))) throw error;
      if (batch.length === 1) this.lose(1, unavailable(`cannot hold one: ${(error as Error).message}`, error));
      else for (const one of batch) await this.insert(pool, [one]);
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

function sizeOf({ input, response }: StoredResponse): Bytes {
  return input.length + response.length;
}

function unavailable(what: string, cause?: unknown): WeirError {
  return new WeirError('store.unavailable', `Stored responses ${what}`, { path: PATH, cause });
}
