import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { WeirError } from '#contract/errors.js';
import type { ResponseStore, StoredResponse } from '#contract/stores.js';
import type { Bytes } from '#contract/units.js';
import type { ResponseBounds } from './response-database.js';
import type { FromResponseThread, ResponseAsk, ResponseThreadData, ToResponseThread } from './response-messages.js';

export interface ResponseStoreOptions extends ResponseBounds {
  /** The database file; `:memory:` for one that ends with the process. Its folder is made when it is not there. */
  readonly path: string;
  /** Told when responses could not be kept, at most once in ten seconds. */
  readonly onError?: (error: WeirError) => void;
}

/** Responses on their way to the thread hold no more than this. */
const MOST_WAITING: Bytes = 64 * 1024 * 1024;
const COMPLAIN_EVERY_MS = 10_000;

/** Stored responses in SQLite, in a thread of its own that starts with the first use: a gateway without them pays nothing. */
export function openResponseStore(options: ResponseStoreOptions): ResponseStore {
  return new ThreadedResponseStore(options);
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: WeirError) => void;
}

class ThreadedResponseStore implements ResponseStore {
  dropped = 0;
  private worker: Worker | undefined;
  private readonly calls = new Map<number, Pending>();
  private lastCall = 0;
  private waiting: Bytes = 0;
  private complainedAt = Number.NEGATIVE_INFINITY;
  private closed = false;

  constructor(private readonly options: ResponseStoreOptions) {}

  put(response: StoredResponse): void {
    const size = response.input.length + response.response.length;
    if (this.closed || this.waiting + size > MOST_WAITING) {
      this.lose(new WeirError('store.unavailable', 'Stored responses come faster than they can be written'));
      return;
    }
    this.waiting += size;
    const over = (): void => {
      this.waiting -= size;
    };
    this.ask({ kind: 'put', response }).then(over, (error: WeirError) => {
      over();
      this.lose(error);
    });
  }

  find(owner: string, id: string): Promise<StoredResponse | undefined> {
    return this.ask({ kind: 'find', owner, id }) as Promise<StoredResponse | undefined>;
  }

  conversation(owner: string, id: string): Promise<readonly StoredResponse[] | undefined> {
    return this.ask({ kind: 'conversation', owner, id }) as Promise<readonly StoredResponse[] | undefined>;
  }

  delete(owner: string, id: string): Promise<boolean> {
    return this.ask({ kind: 'delete', owner, id }) as Promise<boolean>;
  }

  async flush(): Promise<void> {
    // The thread takes one thing after the other.
    if (this.waiting > 0) await this.find('', '').catch(() => undefined);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    const closing = this.worker === undefined ? undefined : this.ask({ kind: 'close' });
    this.closed = true;
    await closing?.catch(() => undefined);
  }

  private lose(error: WeirError): void {
    this.dropped++;
    const now = performance.now();
    if (now - this.complainedAt < COMPLAIN_EVERY_MS) return;
    this.complainedAt = now;
    this.options.onError?.(error);
  }

  private ask(ask: ResponseAsk): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.closed) {
        reject(new WeirError('store.unavailable', 'The store of responses is closed'));
        return;
      }
      try {
        this.worker ??= this.start();
      } catch (cause) {
        reject(unavailable(cause));
        return;
      }
      const call = ++this.lastCall;
      this.calls.set(call, { resolve, reject });
      // A question keeps the process alive until it is answered; an idle thread does not.
      this.worker.ref();
      this.worker.postMessage({ call, ask } satisfies ToResponseThread);
    });
  }

  private start(): Worker {
    const { path, keepForMs, keep, keepBytes } = this.options;
    if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
    const worker = new Worker(new URL('./response-worker.js', import.meta.url), {
      name: 'weir-responses',
      workerData: { path, keepForMs, keep, keepBytes } satisfies ResponseThreadData,
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 256 },
    });
    worker.on('message', (reply: FromResponseThread) => {
      const pending = this.calls.get(reply.call);
      this.calls.delete(reply.call);
      if (this.calls.size === 0) worker.unref();
      if ('failure' in reply) pending?.reject(new WeirError('store.unavailable', reply.failure));
      else pending?.resolve(reply.value);
    });
    const ended = (cause: unknown): void => {
      // It is told twice, of a thread that died: what is asked by the second time is asked of another.
      if (this.worker !== worker) return;
      this.worker = undefined;
      for (const { reject } of this.calls.values()) reject(unavailable(cause));
      this.calls.clear();
    };
    worker.on('error', ended);
    worker.on('exit', () => ended(undefined));
    return worker;
  }
}

function unavailable(cause: unknown): WeirError {
  const reason = cause instanceof Error ? `: ${cause.message}` : '';
  return new WeirError('store.unavailable', `The store of responses is not at work${reason}`, { cause });
}
