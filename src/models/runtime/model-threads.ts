import type { LearnedSettings } from '#contract/learned.js';
import type { Threads } from './local-embedder.js';
import { ModelWorker } from './model-worker.js';

/** Threads that models run on where nothing is said and processors are not few. */
const USUAL_THREADS = 2;

/** The threads that all local models of a process share. None is started before a model needs it. */
export class ModelThreads {
  private readonly workers: ModelWorker[] = [];

  /** @param processors that there are for it: no more threads run models, whatever a configuration says. */
  constructor(private readonly processors: number) {}

  /** As many as a configuration wants, as far as there are processors. */
  threadsFor(settings: LearnedSettings): Threads {
    const { processors } = this;
    // One processor is left to requests: a second thread beside them makes the event loop late.
    const wanted = settings.threads ?? Math.min(USUAL_THREADS, processors - 1);
    const count = Math.max(1, Math.min(wanted, processors));
    return { all: () => this.first(count) };
  }

  private first(count: number): readonly ModelWorker[] {
    for (let at = 0; at < count; at++) {
      if (this.workers[at]?.dead !== false) this.workers[at] = new ModelWorker();
    }
    return this.workers.slice(0, count);
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.splice(0).map(worker => worker.close()));
  }
}
