import { Worker } from 'node:worker_threads';
import { WeirError } from '#contract/errors.js';
import type { FromThread, LoadedFacts, ModelSpec, ToThread } from './messages.js';
import { refuseTelemetry } from './no-telemetry.js';

/** The vectors of a batch and how long the thread was at it. */
export type Embedded = Extract<FromThread, { kind: 'embedded' }>;

interface Pending {
  readonly resolve: (message: FromThread) => void;
  readonly reject: (error: WeirError) => void;
}

/** What of a thread's heap is for objects that are gone soon: texts and ids, which are small. Unlimited it grows by tens of megabytes. */
const YOUNG_MB = 8;

/** A thread that models run on. */
export interface ModelThread {
  /** Whether it can be given no more work. */
  readonly dead: boolean;
  /** @throws WeirError `model.unavailable`. */
  load(model: string, spec: ModelSpec): Promise<LoadedFacts>;
  /** @throws WeirError `model.failed`. */
  embed(model: string, texts: readonly string[]): Promise<Pick<Embedded, 'vectors' | 'ends' | 'ms'>>;
  unload(model: string): void;
}

/** The thread that models run on, as the rest of the process sees it. It keeps the process alive only while it has work. */
export class ModelWorker implements ModelThread {
  private readonly worker: Worker;
  private readonly pending = new Map<number, Pending>();
  private last = 0;
  private ended: WeirError | undefined;

  constructor() {
    refuseTelemetry();
    this.worker = new Worker(new URL('./model-thread.js', import.meta.url), {
      name: 'weir-models',
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    this.worker.unref();
    this.worker.on('message', (message: FromThread) => this.receive(message));
    this.worker.on('error', error => this.end(`The thread of the models died: ${error.message}`));
    this.worker.on('exit', () => this.end('The thread of the models has ended'));
  }

  get dead(): boolean {
    return this.ended !== undefined;
  }

  async load(model: string, spec: ModelSpec): Promise<LoadedFacts> {
    const answer = await this.ask(id => ({ kind: 'load', id, model, spec }));
    if (answer.kind === 'loaded') return answer.facts;
    throw unexpected(answer, 'model.unavailable');
  }

  async embed(model: string, texts: readonly string[]): Promise<Embedded> {
    const answer = await this.ask(id => ({ kind: 'embed', id, model, texts }));
    if (answer.kind === 'embedded') return answer;
    throw unexpected(answer, 'model.failed');
  }

  unload(model: string): void {
    this.post({ kind: 'unload', model });
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }

  private ask(message: (id: number) => ToThread): Promise<FromThread> {
    if (this.ended !== undefined) return Promise.reject(this.ended);
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.worker.ref();
      this.post(message(id));
    });
  }

  private post(message: ToThread): void {
    if (this.ended === undefined) this.worker.postMessage(message);
  }

  private receive(message: FromThread): void {
    const waiting = this.pending.get(message.id);
    this.pending.delete(message.id);
    if (this.pending.size === 0) this.worker.unref();
    waiting?.resolve(message);
  }

  private end(message: string): void {
    this.ended ??= new WeirError('model.unavailable', message);
    for (const { reject } of this.pending.values()) reject(this.ended);
    this.pending.clear();
  }
}

function unexpected(answer: FromThread, code: 'model.unavailable' | 'model.failed'): WeirError {
  const { message, hint } = answer as Extract<FromThread, { kind: 'failed' }>;
  return new WeirError(code, message, hint === undefined ? {} : { hint });
}
