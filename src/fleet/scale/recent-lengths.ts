import type { RequestLengths } from '#fleet/closed-form/length-mix.js';

/** The last so many are kept. */
export const KEPT_LENGTHS = 512;
/** So many must be known for capacities to be computed of them. */
const LEAST = 20;

/** Whether these are too few for capacities to be computed of them. */
export function tooFew(lengths: readonly RequestLengths[]): boolean {
  return lengths.length < LEAST;
}

/** Lengths of the last requests that a pool answered, and how much of their prompts caches spared. */
export class RecentLengths {
  private readonly ring: RequestLengths[] = [];
  private next = 0;

  add(lengths: RequestLengths): void {
    if (!(lengths.promptTokens >= 1)) return;
    this.ring[this.next] = lengths;
    this.next = (this.next + 1) % KEPT_LENGTHS;
  }

  get few(): boolean {
    return tooFew(this.ring);
  }

  get all(): readonly RequestLengths[] {
    return this.ring;
  }

  /** The newest, at most so many of them. */
  newest(most: number): readonly RequestLengths[] {
    const inOrder = [...this.ring.slice(this.next), ...this.ring.slice(0, this.next)];
    return inOrder.slice(Math.max(0, inOrder.length - most));
  }
}
