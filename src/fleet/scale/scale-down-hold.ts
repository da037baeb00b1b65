import type { Milliseconds } from '#contract/units.js';

/**
 * Lets a number rise at once and fall only after it has been lower for a hold time: the largest that any look within the hold time wanted. A
 * sliding maximum over a queue of falling numbers, so a look costs O(1) amortised and what is kept is bounded by the looks within the hold.
 */
export class ScaleDownHold {
  private readonly looks: { readonly at: Milliseconds; readonly wanted: number }[] = [];

  /** Whether there has been a look. */
  get begun(): boolean {
    return this.looks.length > 0;
  }

  /**
   * Takes in what is wanted now.
   *
   * @param now of a clock that does not go back.
   * @returns what is to be wanted, at least `wanted`.
   */
  look(wanted: number, now: Milliseconds, holdMs: Milliseconds): number {
    const { looks } = this;
    while (looks.length > 0 && now - looks[0]!.at >= holdMs) looks.shift();
    while (looks.length > 0 && looks.at(-1)!.wanted <= wanted) looks.pop();
    looks.push({ at: now, wanted });
    return looks[0]!.wanted;
  }
}
