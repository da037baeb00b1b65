import { getPriority, setPriority } from 'node:os';

/**
 * How far a thread of models stands back, in steps of `nice`: it then has about a tenth of the weight of one that serves (kernel/sched/core.c,
 * `sched_prio_to_weight`: 110 to 1024). All of an idle processor is still its own.
 */
export const STANDS_BACK = 10;
/** No thread can be nicer. */
export const NICEST = 19;

/**
 * Lets the calling thread stand back behind those that serve requests. A batch takes tens of milliseconds, a request a third of one: where there
 * are no more processors than threads, requests would wait for slices of batches.
 *
 * Linux alone has a priority for each thread; elsewhere the call would be about the whole process, so nothing is done there.
 */
export function standBack(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(0, Math.min(NICEST, getPriority(0) + STANDS_BACK));
  } catch {
    // A sandbox that forbids the call: the thread works as it would have without.
  }
}
