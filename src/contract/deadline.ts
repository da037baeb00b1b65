import type { Milliseconds } from './units.js';

/** Until when somebody waits for what is being computed. Asked again each time: who waits may go before the time is over. */
export interface Deadline {
  /** Time left; 0 once nobody waits any more, be it that the time is over or that who asked has gone. */
  leftMs(): Milliseconds;
}

/** Somebody who waits for as long as it takes. */
export const NO_DEADLINE: Deadline = Object.freeze({ leftMs: () => Number.POSITIVE_INFINITY });
