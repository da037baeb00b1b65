import { Worker } from 'node:worker_threads';
import type { Clock } from '#contract/clock.js';
import { WeirError } from '#contract/errors.js';
import { isLast, type Job, type JobEvent } from './job.js';

/** Jobs that run at once: they share the machine with the gateway's traffic. */
const MOST_RUNNING = 1;
/** Memory of a job's thread; beyond it the thread ends, and nothing else. */
const MOST_MEGABYTES = 1024;
const LONGEST_MS = 10 * 60_000;

/** Runs planning jobs in threads of their own, so that requests are served meanwhile. Bounded in number, memory and time. */
export class JobHost {
  private running = 0;

  constructor(private readonly clock: Pick<Clock, 'after'>) {}

  /**
   * Starts a job. Exactly one event that {@link isLast} is told, unless it is stopped before.
   *
   * @returns how to stop it; stopping one that has ended does nothing.
   * @throws WeirError `gateway.overloaded` when as many run as may.
   */
  start(job: Job, tell: (event: JobEvent) => void): () => void {
    if (this.running >= MOST_RUNNING) {
      throw new WeirError('gateway.overloaded', 'Another plan, simulation or comparison is running', {
        retryAfterMs: 10_000,
      });
    }
    this.running++;
    const thread = new Worker(new URL('./job-thread.js', import.meta.url), {
      workerData: job,
      execArgv: [],
      name: 'weir-planning',
      resourceLimits: { maxOldGenerationSizeMb: MOST_MEGABYTES },
    });
    let open = true;
    const end = (last?: JobEvent): void => {
      if (!open) return;
      open = false;
      cancelLimit();
      if (last !== undefined) tell(last);
      void thread.terminate();
    };
    const failed = (code: 'gateway.overloaded' | 'internal.defect', message: string): void =>
      end({ name: 'failed', data: { code, message } });
    const cancelLimit = this.clock.after(LONGEST_MS, () =>
      failed('gateway.overloaded', `It took longer than ${LONGEST_MS / 60_000} minutes`),
    );
    thread.on('message', (event: JobEvent) => {
      if (!open) return;
      if (isLast(event)) end(event);
      else tell(event);
    });
    thread.on('error', error =>
      'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
        ? failed('gateway.overloaded', `It needed more than ${MOST_MEGABYTES} MB of memory`)
        : failed('internal.defect', `A defect in Weir: ${error.message}`),
    );
    thread.on('exit', () => {
      this.running--;
      failed('internal.defect', 'It ended without a result');
    });
    return () => end();
  }
}
