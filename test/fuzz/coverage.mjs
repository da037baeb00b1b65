/** Which blocks of Weir's own code have run, from V8's block counters. */
import { Session } from 'node:inspector';

export class Coverage {
  #session = new Session();
  #seen = new Set();

  start() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: false, detailed: true });
  }

  /** Blocks that have run since the last call and never before. */
  take() {
    let fresh = 0;
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error) throw error;
      for (const { url, functions } of answer.result) {
        if (!url.includes('/dist/')) continue;
        for (const { ranges } of functions) {
          for (const { startOffset, endOffset, count } of ranges) {
            if (count === 0) continue;
            const block = `${url}:${startOffset}-${endOffset}`;
            if (this.#seen.has(block)) continue;
            this.#seen.add(block);
            fresh++;
          }
        }
      }
    });
    return fresh;
  }

  /** Forgets `blocks` counted as seen since `mark`, so that the case that reached them can be found. */
  mark() {
    return new Set(this.#seen);
  }

  rewind(mark) {
    this.#seen = new Set(mark);
  }

  get blocks() {
    return this.#seen.size;
  }

  stop() {
    this.#session.disconnect();
  }
}
