import type { Cancel } from '#contract/clock.js';
import { WeirError } from '#contract/errors.js';
import type { Token } from './library.js';

/** A sequence of the model, as far as choosing among them goes. */
export interface Slot {
  /** What its state holds. */
  readonly contextTokens: readonly Token[];
}

interface Waiter<S> {
  readonly tokens: readonly Token[];
  readonly take: (slot: S) => void;
}

/**
 * Hands sequences out to prompts, first come first served: the free one that holds most of the prompt already, and among equals the
 * one that was left longest ago, so that the states of lively conversations survive.
 */
export class SequenceSlots<S extends Slot> {
  /** Longest unused first. */
  private readonly free: S[];
  private readonly waiting: Waiter<S>[] = [];

  constructor(
    readonly all: readonly S[],
    private readonly mostWaiting: number,
  ) {
    this.free = [...all];
  }

  get waiters(): number {
    return this.waiting.length;
  }

  get busy(): number {
    return this.all.length - this.free.length;
  }

  /**
   * Calls `take` with a sequence, at once or when its turn comes. Whoever takes one gives it back with {@link release}.
   *
   * @returns what leaves the line; it does nothing once a sequence was taken.
   * @throws WeirError `pool.saturated` when too many wait.
   */
  acquire(tokens: readonly Token[], take: (slot: S) => void): Cancel {
    if (this.free.length > 0) {
      take(this.best(tokens));
      return () => undefined;
    }
    if (this.waiting.length >= this.mostWaiting) {
      throw new WeirError('pool.saturated', `${this.mostWaiting} requests wait for this engine already.`);
    }
    const waiter = { tokens, take };
    this.waiting.push(waiter);
    return () => {
      const at = this.waiting.indexOf(waiter);
      if (at >= 0) this.waiting.splice(at, 1);
    };
  }

  release(slot: S): void {
    this.free.push(slot);
    const next = this.waiting.shift();
    if (next !== undefined) next.take(this.best(next.tokens));
  }

  private best(tokens: readonly Token[]): S {
    let best = 0;
    let longest = -1;
    for (const [at, { contextTokens }] of this.free.entries()) {
      const common = commonPrefix(contextTokens, tokens);
      if (common <= longest) continue;
      longest = common;
      best = at;
    }
    return this.free.splice(best, 1)[0]!;
  }
}

/** How many tokens two lists begin with alike. */
export function commonPrefix(a: readonly Token[], b: readonly Token[]): number {
  const most = Math.min(a.length, b.length);
  let at = 0;
  while (at < most && a[at] === b[at]) at++;
  return at;
}
