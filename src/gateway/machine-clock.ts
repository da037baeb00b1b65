import { performance } from 'node:perf_hooks';
import type { Clock } from '#contract/clock.js';

/** The machine's own time: what the gateway hands to the three parts. */
export const machineClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(delay, task) {
    const timer = setTimeout(task, delay);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
