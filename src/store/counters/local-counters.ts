import type { SharedCounter, SharedCounters } from '#contract/shared-counters.js';

/** Counters of a process that is alone: nobody else counts, and all that is left is its own. */
export function localCounters(): SharedCounters {
  const counters = new Map<string, LocalCounter>();
  return {
    wall: () => Date.now(),
    processes: 1,
    connected: true,
    counter(name, until) {
      const known = counters.get(name);
      if (known !== undefined) return known;
      if (counters.size >= MOST_KEPT) {
        const now = Date.now();
        for (const [other, counter] of counters) if (counter.until < now) counters.delete(other);
      }
      const counter = new LocalCounter(until);
      counters.set(name, counter);
      return counter;
    },
    exchange: () => Promise.resolve(true),
    close: () => Promise.resolve(),
  };
}

const MOST_KEPT = 100_000;

class LocalCounter implements SharedCounter {
  own = 0;
  readonly others = 0;

  constructor(readonly until: number) {}

  add(amount: number): void {
    this.own += amount;
  }

  room(remaining: number): number {
    return remaining;
  }
}
