import type { RequestLengths } from '#fleet/closed-form/length-mix.js';

/** The last so many are kept. */
const KEPT = 512;
/** So many must be known for capacities to be computed of them. */
const LEAST = 20;

/** Lengths of the last requests that a pool answered, and how much of their prompts caches spared. */
export class RecentLengths {
  private readonly ring: RequestLengths[] = [];
  private next = 0;

  add(lengths: RequestLengths): void {
    if (!(lengths.promptTokens >= 1)) return;
    this.ring[this.next] = lengths;
    this.next = (this.next + 1) % KEPT;
  }

  get few(): boolean {
    return this.ring.length < LEAST;
  }

  get all(): readonly RequestLengths[] {
    return this.ring;
  }
}
