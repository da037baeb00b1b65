import { Kysely, PostgresDialect } from 'kysely';
import type { Pool } from 'pg';
import { isWeirError, WeirError } from '#contract/errors.js';
import type { DecisionRecord } from '#contract/record.js';
import type { RecordFilter, RecordStore } from '#contract/stores.js';
import type { Bytes, Milliseconds } from '#contract/units.js';
import { codeOf, endPool, openPool, setUp } from './connect.js';
import { RECORD_SCHEMA } from './migrations.js';
import { RecordQuestions } from './record-questions.js';
import { COLUMNS, type RecordTables, rowOf } from './record-rows.js';
import { storableJson } from './storable.js';

export interface PostgresRecordOptions {
  readonly url: string;
  /** Age at which records are deleted. */
  readonly keepForMs: Milliseconds;
  /** How long an incomplete batch waits; 100 ms unless said. What a crash can lose. */
  readonly flushEveryMs?: Milliseconds;
  /** Records that may wait while the database is away; 16,384 unless said. Further ones are dropped and counted. */
  readonly backlog?: number;
  /** How often what is too old is looked for; 30 s unless said. */
  readonly pruneEveryMs?: Milliseconds;
  /** Told when the database is lost, at most once in ten seconds, and when records are refused by it. */
  readonly onError?: (error: WeirError) => void;
}

const PATH = 'gateway.record.postgres';
/** Records that are written at once. */
const BATCH = 64;
/** Where more wait, as many as this go together: what a batch costs most is that the server waits for its disk. */
const MOST_A_BATCH = 512;
const MOST_BATCH_BYTES: Bytes = 4 * 1024 ** 2;
const MOST_BACKLOG_BYTES: Bytes = 64 * 1024 ** 2;
/** What a record takes in memory without its prompt, about. */
const RECORD_BYTES: Bytes = 4096;
const COMPLAIN_EVERY: Milliseconds = 10_000;
const RETRY_AFTER: Milliseconds = 100;
const RETRY_AFTER_AT_MOST: Milliseconds = 5000;
const PRUNE_EVERY: Milliseconds = 30_000;
const PRUNE_ROWS = 2000;

const columns = Object.keys(COLUMNS);
const definitions = Object.entries(COLUMNS).map(
  ([name, type]) => `${name} ${type.replace(/ (?:not null|primary key|collate).*/, '')}`,
);

/** One parameter for a whole batch: the server takes it apart. What is there already stays, so a batch may be sent again. */
const INSERT = {
  name: 'weir-records-insert',
  text: `insert into weir.records (${columns.join(', ')}) select ${columns.join(', ')}
    from json_to_recordset($1::json) as batch(${definitions.join(', ')}) on conflict (id) do nothing`,
};
const PRUNE = `delete from weir.records where id in (select id from weir.records where at_ms < $1 order by at_ms limit ${PRUNE_ROWS})`;

/** Data that the server will never take: values, constraints, and what no index holds. */
const REFUSED = /^(?:2[123]|54)/;

export class PostgresRecordStore implements RecordStore {
  private waiting: DecisionRecord[] = [];
  private bytes: Bytes = 0;
  private lost = 0;
  private writing: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private pruning: NodeJS.Timeout;
  private ready = false;
  private away: WeirError | undefined;
  private wait = RETRY_AFTER;
  private complainedAt = Number.NEGATIVE_INFINITY;
  private closing: Promise<void> | undefined;
  private readonly questions: RecordQuestions;

  /**
   * Opens the decision record in Postgres. When the database cannot be reached at first, it is tried again behind the requests, and
   * records wait.
   *
   * @throws WeirError `store.unavailable` when waiting will not help: wrong password, no such database, a newer schema, no package.
   */
  static async open(options: PostgresRecordOptions): Promise<PostgresRecordStore> {
    const pool = await openPool(options.url, PATH);
    const store = new PostgresRecordStore(options, pool, new Kysely({ dialect: new PostgresDialect({ pool }) }));
    try {
      await store.connect();
    } catch (error) {
      await store.close();
      throw error;
    }
    return store;
  }

  private constructor(
    private readonly options: PostgresRecordOptions,
    private readonly pool: Pool,
    private readonly db: Kysely<RecordTables>,
  ) {
    this.questions = new RecordQuestions(db);
    this.pruning = setInterval(() => void this.prune(), options.pruneEveryMs ?? PRUNE_EVERY).unref();
  }

  get dropped(): number {
    return this.lost;
  }

  /** Records that wait to be written. */
  get backlog(): number {
    return this.waiting.length;
  }

  /** Whether the database took what it was last given. */
  get up(): boolean {
    return this.away === undefined;
  }

  /** Sets the schema up; while the server cannot be reached, that is left for later. */
  async connect(): Promise<void> {
    try {
      await setUp(this.pool, RECORD_SCHEMA, PATH);
      this.ready = true;
    } catch (error) {
      if (isWeirError(error)) throw error;
      this.lose(error);
      this.later(this.wait);
    }
  }

  append(record: DecisionRecord): void {
    const size = sizeOf(record);
    const { backlog = 16_384, flushEveryMs = 100 } = this.options;
    if (this.closing !== undefined || this.waiting.length >= backlog || this.bytes + size > MOST_BACKLOG_BYTES) {
      this.lost++;
      this.complain(`Records are dropped, ${this.lost} so far: the backlog is full`, this.away);
      return;
    }
    this.waiting.push(record);
    this.bytes += size;
    if (this.away !== undefined) return;
    if (this.waiting.length >= BATCH) this.write();
    else this.later(flushEveryMs);
  }

  find(id: string): Promise<DecisionRecord | undefined> {
    return this.asking(() => this.questions.find(id));
  }

  list(filter: RecordFilter = {}): Promise<readonly DecisionRecord[]> {
    return this.asking(() => this.questions.list(filter));
  }

  count(filter: RecordFilter = {}): Promise<number> {
    return this.asking(() => this.questions.count(filter));
  }

  async flush(): Promise<void> {
    if (this.closing !== undefined) throw closed();
    this.write();
    await this.writing;
    if (this.waiting.length > 0) throw this.away ?? new WeirError('store.unavailable', 'The record lags behind');
  }

  close(): Promise<void> {
    this.closing ??= this.shut();
    return this.closing;
  }

  private async shut(): Promise<void> {
    clearTimeout(this.timer);
    clearInterval(this.pruning);
    await this.writing;
    // Once more, whatever became of the last try: then what is left is lost, and counted.
    if (this.waiting.length > 0) await this.writeAll();
    this.lost += this.waiting.length;
    this.waiting = [];
    await this.db.destroy().catch(() => {});
    await endPool(this.pool).catch(() => {});
  }

  /** Asks the database, after what was appended before has been written. */
  private async asking<T>(ask: () => Promise<T>): Promise<T> {
    if (this.closing !== undefined) throw closed();
    if (this.waiting.length > 0 && this.away === undefined) this.write();
    await this.writing;
    try {
      return await ask();
    } catch (cause) {
      throw new WeirError('store.unavailable', `The record cannot be read: ${(cause as Error).message}`, { cause });
    }
  }

  private later(delay: Milliseconds): void {
    if (this.closing !== undefined) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.write();
    }, delay).unref();
  }

  private write(): void {
    this.writing ??= this.writeAll().finally(() => {
      this.writing = undefined;
      if (this.waiting.length > 0) this.later(this.wait);
    });
  }

  private async writeAll(): Promise<void> {
    try {
      if (!this.ready) await setUp(this.pool, RECORD_SCHEMA, PATH);
      this.ready = true;
      while (this.waiting.length > 0) {
        const batch = this.nextBatch();
        await this.insert(batch);
        this.waiting.splice(0, batch.length);
        for (const record of batch) this.bytes -= sizeOf(record);
        this.away = undefined;
        this.wait = RETRY_AFTER;
      }
      this.away = undefined;
    } catch (error) {
      this.lose(error);
      this.wait = Math.min(RETRY_AFTER_AT_MOST, this.wait * 2);
    }
  }

  private nextBatch(): readonly DecisionRecord[] {
    let count = 0;
    for (let bytes = 0; count < this.waiting.length && count < MOST_A_BATCH; count++) {
      bytes += sizeOf(this.waiting[count]!);
      if (count > 0 && bytes > MOST_BATCH_BYTES) break;
    }
    return this.waiting.slice(0, count);
  }

  private async insert(batch: readonly DecisionRecord[]): Promise<void> {
    try {
      await this.pool.query({ ...INSERT, values: [storableJson(JSON.stringify(batch.map(rowOf)))] });
    } catch (error) {
      // The others are written without what is refused.
      if (!REFUSED.test(codeOf(error))) throw error;
      if (batch.length > 1) for (const record of batch) await this.insert([record]);
      else {
        this.lost++;
        this.complain(`A record is refused: ${(error as Error).message}`, error);
      }
    }
  }

  private async prune(): Promise<void> {
    if (!this.ready || this.away !== undefined) return;
    const before = Date.now() - this.options.keepForMs;
    try {
      while ((await this.pool.query(PRUNE, [before])).rowCount === PRUNE_ROWS);
    } catch (error) {
      this.complain(`Old records cannot be deleted: ${(error as Error).message}`, error);
    }
  }

  private lose(cause: unknown): void {
    const reason = cause instanceof Error ? cause.message || codeOf(cause) : String(cause);
    this.away = new WeirError('store.unavailable', `Postgres cannot be written: ${reason}`, { cause });
    this.complain(this.away.message, cause);
  }

  private complain(message: string, cause: unknown): void {
    const now = performance.now();
    if (now - this.complainedAt < COMPLAIN_EVERY) return;
    this.complainedAt = now;
    this.options.onError?.(new WeirError('store.unavailable', message, { cause }));
  }
}

/** What a record takes in memory, about. */
function sizeOf({ prompt }: DecisionRecord): Bytes {
  return RECORD_BYTES + (prompt?.length ?? 0);
}

function closed(): WeirError {
  return new WeirError('store.unavailable', 'The record is closed');
}
