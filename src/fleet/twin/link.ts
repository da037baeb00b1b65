import type { Milliseconds } from '#contract/units.js';

/** A link that KV crosses one transfer after the other. */
export class Link {
  private freeAt: Milliseconds = 0;

  /** @returns the time at which what is handed to it now is there. */
  cross(now: Milliseconds, takesMs: Milliseconds): Milliseconds {
    this.freeAt = Math.max(now, this.freeAt) + takesMs;
    return this.freeAt;
  }
}
