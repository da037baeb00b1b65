import { failureOf } from '#fleet/jobs/failure.js';
import { isLast, isPassing, type Job, type JobEvent } from '#fleet/jobs/job.js';
import type { Gateway } from '#gateway/gateway.js';
import type { EventSource } from './route.js';

/** How soon an event that must arrive is offered again to a client that reads slowly. */
const AGAIN_MS = 50;

/**
 * The events of a job, which begins when the stream does and is stopped when that is closed. A slow reader may miss what passes; the
 * rest waits for it, in order, and the stream ends after the last.
 */
export function jobEvents({ jobs, runtime: { clock } }: Gateway, jobOf: () => Promise<Job>): EventSource {
  return (send, done) => {
    const owed: JobEvent[] = [];
    let stopped = false;
    let stopJob = (): void => undefined;
    let cancelOffer: (() => void) | undefined;
    const offer = (): void => {
      cancelOffer = undefined;
      for (let event = owed[0]; event !== undefined; event = owed[0]) {
        if (!send(event.name, event.data)) {
          cancelOffer = clock.after(AGAIN_MS, offer);
          return;
        }
        owed.shift();
        if (isLast(event)) done();
      }
    };
    const tell = (event: JobEvent): void => {
      if (stopped) return;
      if (isPassing(event)) {
        if (owed.length === 0) send(event.name, event.data);
        return;
      }
      owed.push(event);
      if (cancelOffer === undefined) offer();
    };
    jobOf()
      .then(job => {
        if (!stopped) stopJob = jobs.start(job, tell);
      })
      .catch(error => tell({ name: 'failed', data: failureOf(error) }));
    return () => {
      stopped = true;
      stopJob();
      cancelOffer?.();
    };
  };
}
