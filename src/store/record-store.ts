import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { WeirError } from '#contract/errors.js';
import type { DecisionRecord } from '#contract/record.js';
import type { RecordFilter, RecordStore } from '#contract/stores.js';
import type { Bytes, Milliseconds } from '#contract/units.js';
import { BatchWriter } from './record-batch.js';
import {
  DONE,
  DONE_BYTES,
  type FromThread,
  LOST,
  type RecordCall,
  type RecordThreadData,
  type ToThread,
  type Trouble,
} from './record-messages.js';

export { openRecordReader, type RecordReader } from './record-reader.js';

export interface RecordStoreOptions {
  /** The database file; `:memory:` for one that ends with the process. Its folder is made when it is not there. */
  readonly path: string;
  /** Age at which records are deleted. */
  readonly keepForMs: Milliseconds;
  /** Size of the database at which the oldest records are deleted; a write-ahead log of up to an eighth of it comes on top. */
  readonly keepBytes: Bytes;
  /** Records that are sent to the writing thread together; 64 unless said. */
  readonly batch?: number;
  /** How long an incomplete batch waits; 100 ms unless said. What a crash can lose. */
  readonly flushEveryMs?: Milliseconds;
  /** Told when records cannot be written, at most once in ten seconds. */
  readonly onError?: (error: WeirError) => void;
}

/** Records and bytes that may be on their way to disk; what comes on top is dropped and counted. */
const MAX_BACKLOG = 16_384;
const MAX_BACKLOG_BYTES: Bytes = 64 * 1024 ** 2;
const MAX_CALLS = 1024;
/** A batch goes before it is full when its records are longer than this: a prompt may have 64 kB. */
const MEAN_BYTES: Bytes = 8192;
/** An id that comes again is known again among at least so many before it. */
const KNOWN_IDS = 1024;
const COMPLAIN_EVERY: Milliseconds = 10_000;

/**
 * Opens the decision record: SQLite in a thread of its own.
 *
 * @throws WeirError `store.unavailable` when the file cannot be opened, is no database, or is a newer Weir's.
 */
export async function openRecordStore(options: RecordStoreOptions): Promise<RecordStore> {
  if (options.path !== ':memory:') makeFolder(options.path);
  const store = new ThreadedRecordStore(options);
  await store.opened;
  return store;
}

function makeFolder(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (cause) {
    throw new WeirError('store.unavailable', `The folder of the record ${path} cannot be made`, {
      path: 'gateway.record.path',
      hint: 'a path in a folder that can be written',
      cause,
    });
  }
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: WeirError) => void;
}

class ThreadedRecordStore implements RecordStore {
  readonly opened: Promise<void>;
  private readonly progress = new Int32Array(new SharedArrayBuffer(12));
  private readonly worker: Worker;
  private readonly batch: number;
  private readonly flushEveryMs: Milliseconds;
  private readonly onError: ((error: WeirError) => void) | undefined;
  private readonly calls = new Map<number, Pending>();
  private lastCall = 0;

  private readonly writer = new BatchWriter();
  private ids = new Set<string>();
  private olderIds: ReadonlySet<string> = new Set();
  private complainedAt = 0;
  /** Records and bytes appended, as 32-bit counters: the difference to what the thread has done is the backlog. */
  private appended = 0;
  private appendedBytes = 0;
  private timer: NodeJS.Timeout | undefined;
  private refused = 0;
  private ended: WeirError | undefined;
  private closing: Promise<void> | undefined;

  constructor(options: RecordStoreOptions) {
    this.batch = Math.max(1, options.batch ?? 64);
    this.flushEveryMs = options.flushEveryMs ?? 100;
    this.onError = options.onError;
    const { path, keepForMs, keepBytes } = options;
    const data: RecordThreadData = { path, keepForMs, keepBytes, progress: this.progress };
    this.worker = new Worker(new URL('./record-worker.js', import.meta.url), {
      name: 'weir-record',
      workerData: data,
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 128 },
    });
    this.opened = new Promise((resolve, reject) => {
      this.calls.set(0, { resolve: () => resolve(), reject });
    });
    this.worker.on('message', (message: FromThread) => this.receive(message));
    this.worker.on('error', error => this.end(`The thread of the record died: ${error.message}`));
    this.worker.on('exit', () => this.end('The thread of the record has ended'));
  }

  get dropped(): number {
    return this.refused + Atomics.load(this.progress, LOST);
  }

  append(record: DecisionRecord): void {
    if (this.ended !== undefined || this.closing !== undefined) {
      this.refused++;
      return;
    }
    if (this.ids.has(record.id) || this.olderIds.has(record.id)) return;
    const room = this.room();
    let bytes = 0;
    try {
      if (room > 0) bytes = this.writer.add(record, room);
    } catch (cause) {
      this.complain(cause);
    }
    if (bytes === 0) {
      this.refused++;
      return;
    }
    this.remember(record.id);
    this.appended = (this.appended + 1) | 0;
    this.appendedBytes = (this.appendedBytes + bytes) | 0;
    const { writer, batch } = this;
    if (writer.records >= batch || writer.bytes >= batch * MEAN_BYTES) this.post();
    else this.timer ??= setTimeout(this.onTimer, this.flushEveryMs).unref();
  }

  async find(id: string): Promise<DecisionRecord | undefined> {
    const json = await this.ask({ kind: 'find', id });
    return json === undefined ? undefined : (JSON.parse(json as string) as DecisionRecord);
  }

  async list(filter: RecordFilter = {}): Promise<readonly DecisionRecord[]> {
    const found = (await this.ask({ kind: 'list', filter })) as readonly string[];
    return found.map(json => JSON.parse(json) as DecisionRecord);
  }

  async count(filter: RecordFilter = {}): Promise<number> {
    return (await this.ask({ kind: 'count', filter })) as number;
  }

  async flush(): Promise<void> {
    await this.ask({ kind: 'flush' });
  }

  close(): Promise<void> {
    this.closing ??= this.shut();
    return this.closing;
  }

  private async shut(): Promise<void> {
    clearTimeout(this.timer);
    if (this.ended !== undefined) return;
    const gone = new Promise<void>(resolve => {
      this.worker.once('exit', () => resolve());
    });
    await this.ask({ kind: 'close' });
    this.worker.ref();
    await gone;
  }

  private remember(id: string): void {
    if (this.ids.size >= KNOWN_IDS) {
      this.olderIds = this.ids;
      this.ids = new Set();
    }
    this.ids.add(id);
  }

  private complain(cause: unknown): void {
    const now = Date.now();
    if (now - this.complainedAt < COMPLAIN_EVERY) return;
    this.complainedAt = now;
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.onError?.(new WeirError('store.unavailable', `A record cannot be written: ${reason}`, { cause }));
  }

  private readonly onTimer = (): void => {
    this.timer = undefined;
    this.post();
  };

  private post(): void {
    if (this.writer.records === 0) return;
    const batch = this.writer.take();
    this.worker.postMessage(batch satisfies ToThread, [batch.facts, batch.shared, batch.json]);
  }

  /** Bytes that the next record may have. */
  private room(): Bytes {
    const backlog = (this.appended - Atomics.load(this.progress, DONE)) | 0;
    if (backlog >= MAX_BACKLOG) return 0;
    return MAX_BACKLOG_BYTES - ((this.appendedBytes - Atomics.load(this.progress, DONE_BYTES)) | 0);
  }

  /** Asks the thread, after all that was appended before. While it waits the process stays alive. */
  private ask(ask: RecordCall): Promise<unknown> {
    if (this.ended !== undefined) return Promise.reject(this.ended);
    if (this.closing !== undefined) return Promise.reject(closed());
    if (this.calls.size >= MAX_CALLS) {
      return Promise.reject(new WeirError('store.unavailable', 'The record has too many questions to answer'));
    }
    this.post();
    return new Promise((resolve, reject) => {
      const call = ++this.lastCall;
      this.calls.set(call, { resolve, reject });
      this.worker.ref();
      this.worker.postMessage({ call, ask } satisfies ToThread);
    });
  }

  private receive(message: FromThread): void {
    switch (message.kind) {
      case 'open':
        this.settle(0)?.resolve(undefined);
        return;
      case 'unopened':
        this.ended = errorOf(message.trouble);
        this.settle(0)?.reject(this.ended);
        return;
      case 'answer':
        this.settle(message.call)?.resolve(message.value);
        return;
      case 'failure':
        this.settle(message.call)?.reject(errorOf(message.trouble));
        return;
      case 'trouble':
        this.onError?.(errorOf(message.trouble));
    }
  }

  private settle(call: number): Pending | undefined {
    const pending = this.calls.get(call);
    this.calls.delete(call);
    if (this.calls.size === 0) this.worker.unref();
    return pending;
  }

  /** Nothing more can be written or read: what is under way is lost, and counted. */
  private end(message: string): void {
    if (this.ended !== undefined) return;
    this.ended = this.closing === undefined ? new WeirError('store.unavailable', message) : closed();
    this.refused += (this.appended - Atomics.load(this.progress, DONE)) | 0;
    for (const { reject } of this.calls.values()) reject(this.ended);
    this.calls.clear();
    if (this.closing === undefined) this.onError?.(this.ended);
  }
}

function closed(): WeirError {
  return new WeirError('store.unavailable', 'The record is closed');
}

function errorOf({ message, path, hint }: Trouble): WeirError {
  return new WeirError('store.unavailable', message, {
    ...(path === undefined ? undefined : { path }),
    ...(hint === undefined ? undefined : { hint }),
  });
}
