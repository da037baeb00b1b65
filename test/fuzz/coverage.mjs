/** How much of Weir's own code has run, from V8's block counters. */
import { Session } from 'node:inspector';

/** Functions kept by where they stand, each with the parts of it that have never run. */
export class Coverage {
  #session = new Session();
  #unseen = new Map();
  #running = false;

  start() {
    if (this.#running) return;
    this.#running = true;
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    this.take();
  }

  /** @returns whether code has run since the last call that had never run before. */
  take() {
    let fresh = false;
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error) throw error;
      for (const { url, functions } of answer.result) {
        if (!url.includes('/dist/')) continue;
        for (const one of functions) if (this.#add(url, one)) fresh = true;
      }
    });
    return fresh;
  }

  /** What is known so far, to go back to: so the one case of many that reached something new can be found. */
  mark() {
    return new Map(this.#unseen);
  }

  rewind(mark) {
    this.#unseen = new Map(mark);
  }

  /** Functions entered, and parts of them that no case has reached. */
  get reached() {
    let missing = 0;
    for (const gaps of this.#unseen.values()) missing += gaps.length;
    return { functions: this.#unseen.size, missing };
  }

  /** Counting makes code several times slower. */
  stop() {
    if (!this.#running) return;
    this.#running = false;
    this.#session.post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }

  #add(url, { ranges }) {
    const [whole, ...parts] = ranges;
    if (whole.count === 0) return false;
    const key = `${url}:${whole.startOffset}`;
    const gaps = parts.filter(({ count }) => count === 0).map(({ startOffset, endOffset }) => [startOffset, endOffset]);
    const before = this.#unseen.get(key);
    if (before === undefined) {
      this.#unseen.set(key, gaps);
      return true;
    }
    const left = both(before, gaps);
    if (lengthOf(left) === lengthOf(before)) return false;
    this.#unseen.set(key, left);
    return true;
  }
}

/** What lies in both of two lists of spans. */
function both(some, others) {
  const out = [];
  for (const [from, to] of some) {
    for (const [start, end] of others) {
      const [low, high] = [Math.max(from, start), Math.min(to, end)];
      // Spans in one another would be counted twice.
      if (low < high && !out.some(([a, b]) => a <= low && high <= b)) out.push([low, high]);
    }
  }
  return out;
}

const lengthOf = spans => spans.reduce((sum, [from, to]) => sum + to - from, 0);
