import type { Milliseconds } from './units.js';

/** Cancels what a {@link Clock} was asked to do later. Calling it twice, or after the event, does nothing. */
export type Cancel = () => void;

/**
 * Time as a port. The gateway hands in the machine's clock, the twin and the tests a virtual one; nothing in the three parts
 * reads the machine's time itself.
 */
export interface Clock {
  /** Monotonic time, fractional. Its zero has no meaning: only differences do. */
  now(): Milliseconds;
  /** Wall time since the Unix epoch, for records and logs. */
  wall(): Milliseconds;
  /** Runs `task` once, `delay` from now. Never keeps the process alive on its own. */
  after(delay: Milliseconds, task: () => void): Cancel;
}
