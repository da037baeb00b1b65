import type { Clock } from '#contract/clock.js';
import { type Deadline, NO_DEADLINE } from '#contract/deadline.js';
import type { Embedder, EmbedOptions, ModelStatus } from '#contract/embedder.js';
import { WeirError } from '#contract/errors.js';
import type { Milliseconds } from '#contract/units.js';
import { Company } from './company.js';
import { type EmbedJob, EmbedQueue, type QueueLimits } from './embed-queue.js';
import type { LoadedFacts, ModelSpec } from './messages.js';
import type { ModelThread } from './model-worker.js';
import { VectorCache } from './vector-cache.js';
import { WaitingText } from './waiting-text.js';

/** The threads that a model runs on. */
export interface Threads {
  /** All of them, started where they were not; always as many. */
  all(): readonly ModelThread[];
}

/** How long a model that could not be loaded is not tried again. */
const RETRY_AFTER: Milliseconds = 10_000;

/** One text, to see that the model answers and to have the first request find everything in place. */
const WARM_UP = 'What is the capital of France?';

let opened = 0;

/**
 * A local model behind a bounded queue, loaded on every thread. Texts that are asked for at the same time, or were lately, are
 * embedded once: all signals of one request share one pass.
 */
export class LocalEmbedder implements Embedder {
  /** Tells it from an embedder of the same name that it takes over from. */
  private readonly id = ++opened;
  private readonly queue: EmbedQueue;
  private readonly company: Company;
  private readonly cache = new VectorCache();
  /** Texts that wait and are not begun: who asks for one of them waits along. */
  private readonly waiting = new Map<string, WaitingText>();
  /** Threads that have the model. */
  private readonly ready = new Set<ModelThread>();
  private readonly busy = new Set<ModelThread>();
  private loading: Promise<void> | undefined;
  private facts: LoadedFacts | undefined;
  private failure = '';
  private closed = false;
  private readonly counts = { texts: 0, batches: 0, refused: 0, busyMs: 0, loadMs: 0 };
  /** One error for all that are refused, which are most when time is dearest: a new one each would take longer than all else that refusing does. */
  private readonly refusal: WeirError;

  constructor(
    readonly name: string,
    private readonly spec: ModelSpec,
    private readonly threads: Threads,
    private readonly clock: Clock,
    limits: Omit<QueueLimits, 'padded'>,
    /** Runs a task in the next turn of the event loop. */
    private readonly later: (task: () => void) => void,
  ) {
    this.company = new Company(later, () => this.pump());
    // The graph that Weir writes leaves padding out (minilm/graph.ts); those of others have it.
    this.queue = new EmbedQueue(clock, { ...limits, padded: spec.kind !== 'default' });
    this.refusal = new WeirError('model.busy', `${name} has more texts to read than it can in time`);
  }

  private get key(): string {
    return `${this.name} ${this.id}`;
  }

  get dimension(): number {
    return this.facts?.dimension ?? 0;
  }

  get status(): ModelStatus {
    const { name, queue, counts, facts, failure, ready } = this;
    const state = facts !== undefined ? 'ready' : failure === '' ? 'loading' : failure;
    return {
      name,
      state,
      precision: facts?.precision ?? '',
      bytes: (facts?.bytes ?? 0) * ready.size,
      queued: queue.length,
      ...counts,
    };
  }

  prepare(): Promise<void> {
    this.loading ??= this.load().catch((error: unknown) => {
      this.failure = error instanceof Error ? error.message : String(error);
      this.clock.after(RETRY_AFTER, () => {
        this.loading = undefined;
      });
      throw error;
    });
    return this.loading;
  }

  embed(texts: readonly string[], options: EmbedOptions = {}): Promise<readonly Float32Array[]> {
    const { patienceMs = Number.POSITIVE_INFINITY, deadline = NO_DEADLINE } = options;
    const until = this.clock.now() + patienceMs;
    return Promise.all(texts.map(text => this.known(text, until, deadline) ?? this.begin(text, until, deadline)));
  }

  /** Gives the model up. What waits fails. */
  close(): void {
    this.closed = true;
    const error = new WeirError('model.unavailable', `The model ${this.name} is not in use any more`);
    this.failAll(error);
    for (const worker of this.threads.all()) worker.unload(this.key);
  }

  private known(text: string, until: Milliseconds, deadline: Deadline): Promise<Float32Array> | undefined {
    const vector = this.cache.get(text);
    if (vector !== undefined) this.waiting.get(text)?.join(until, deadline);
    return vector;
  }

  private begin(text: string, until: Milliseconds, deadline: Deadline): Promise<Float32Array> {
    const vector = new Promise<Float32Array>((settle, fail) => {
      const job = new WaitingText(text, until, deadline, { settle, fail });
      if (this.closed) fail(new WeirError('model.unavailable', `The model ${this.name} is not in use any more`));
      else if (this.queue.offer(job)) {
        this.waiting.set(text, job);
        if (this.facts === undefined) this.limitLoading(job);
        this.company.came();
      } else {
        this.counts.refused++;
        fail(this.refusal);
      }
    });
    this.cache.keep(text, vector);
    return vector;
  }

  /** A text waits for the model to be loaded no longer than it would for its turn. */
  private limitLoading(job: WaitingText): void {
    const patience = Math.min(job.until - this.clock.now(), job.leftMs());
    if (patience === Number.POSITIVE_INFINITY) return;
    this.clock.after(patience, () => {
      if (this.facts !== undefined || !this.queue.withdraw(job)) return;
      this.waiting.delete(job.text);
      this.counts.refused++;
      job.fail(new WeirError('model.loading', `${this.name} is being loaded`));
    });
  }

  /** Gives a batch to every thread that has none. */
  private pump(): void {
    if (this.queue.length === 0) return;
    if (this.facts === undefined) {
      this.prepare().then(
        () => this.pump(),
        (error: unknown) => this.failAll(error),
      );
      return;
    }
    for (const worker of this.ready) {
      if (this.queue.length === 0) return;
      if (this.busy.has(worker)) continue;
      const { batch, late } = this.queue.take(this.ready.size - this.busy.size);
      for (const { text } of [...batch, ...late]) this.waiting.delete(text);
      this.counts.refused += late.length;
      for (const job of late) job.fail(this.refusal);
      if (batch.length > 0) void this.run(worker, batch);
    }
  }

  private failAll(error: unknown): void {
    this.waiting.clear();
    for (const job of this.queue.drain()) job.fail(error);
  }

  private async run(worker: ModelThread, batch: readonly EmbedJob[]): Promise<void> {
    this.busy.add(worker);
    try {
      const { vectors, ends, ms } = await worker.embed(
        this.key,
        batch.map(({ text }) => text),
      );
      const width = vectors.length / batch.length;
      this.counts.texts += batch.length;
      this.counts.batches++;
      this.counts.busyMs += ms;
      this.queue.ended(batch);
      this.inTurns(batch.length, at => {
        const start = ends === undefined ? at * width : (ends[at - 1] ?? 0);
        batch[at]!.settle(vectors.slice(start, ends?.[at] ?? start + width));
      });
    } catch (error) {
      if (worker.dead) this.forget();
      this.queue.ended(batch, false);
      for (const job of batch) job.fail(error);
    } finally {
      this.busy.delete(worker);
    }
    this.pump();
  }

  /** One after the other, each in a turn of its own: what waits for a vector goes on at once, and all of a batch together would hold up the event loop. */
  private inTurns(count: number, settle: (at: number) => void, at = 0): void {
    if (at >= count) return;
    settle(at);
    this.later(() => this.inTurns(count, settle, at + 1));
  }

  /** The thread is gone and the model with it: the next text loads it on another. */
  private forget(): void {
    this.ready.clear();
    this.facts = undefined;
    this.loading = undefined;
    this.failure = 'its thread died';
  }

  /** The model is there once one thread has it; the others come after it. The first may have to write the file that they read. */
  private async load(): Promise<void> {
    const [first, ...others] = this.threads.all();
    if (first === undefined) throw new WeirError('model.unavailable', 'There is no thread to load the model on');
    const facts = await this.loadOn(first);
    // The second time tells what a text takes: the first has the runtime allocate.
    const begun = this.clock.now();
    await first.embed(this.key, [WARM_UP]);
    this.queue.took(WARM_UP, this.clock.now() - begun);
    this.counts.loadMs = facts.loadMs;
    this.facts = facts;
    void this.loadOnAll(others);
  }

  private async loadOnAll(workers: readonly ModelThread[]): Promise<void> {
    for (const worker of workers) {
      try {
        await this.loadOn(worker);
      } catch {
        // It goes on with the threads that have it; one that died is seen when it is next given something.
        continue;
      }
      this.pump();
    }
  }

  private async loadOn(worker: ModelThread): Promise<LoadedFacts> {
    const facts = await worker.load(this.key, this.spec);
    await worker.embed(this.key, [WARM_UP]);
    this.ready.add(worker);
    this.queue.servers = this.ready.size;
    return facts;
  }
}
