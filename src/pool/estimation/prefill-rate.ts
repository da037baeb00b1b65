import type { Milliseconds, Tokens } from '#contract/units.js';
import { QuantileLine } from './quantile-line.js';

/** Observations from which a line is believed. */
const ENOUGH = 8;

/** Of requests that found nothing of ours ahead, this share is taken to have met nobody else's either. */
const UNDISTURBED = 0.25;

/**
 * How fast a replica reads prompts, from its times to first token alone (Chen et al., arXiv 2603.21354, opportunity 12): robust lines
 * of TTFT over the uncached prompt tokens in front of the first token, whose slope is the inverse of the rate.
 *
 * - *now*: the median of the last requests, with whatever delays them;
 * - *alone*: the lower quartile of those that found none of our own requests unanswered, which others' traffic delays least.
 */
export class PrefillRate {
  private readonly recent = new QuantileLine(0.5);
  private readonly undisturbed = new QuantileLine(UNDISTURBED, 128);

  /** A streamed answer began after `ttftMs`. `alone`: it was sent while no request of ours waited for its first token there. */
  observe(workTokens: Tokens, ttftMs: Milliseconds, alone: boolean): void {
    if (!(workTokens >= 0) || !(ttftMs >= 0)) return;
    this.recent.observe(workTokens, ttftMs);
    if (alone) this.undisturbed.observe(workTokens, ttftMs);
  }

  /** Time to first token of such work as things are now, at the median. */
  expected(workTokens: Tokens): Milliseconds | undefined {
    return this.recent.count < ENOUGH ? undefined : this.recent.predict(workTokens);
  }

  /** Prompt tokens a millisecond, as things are now. */
  get now(): number | undefined {
    return rateOf(this.recent);
  }

  /** The same when nobody else is served. */
  get alone(): number | undefined {
    return rateOf(this.undisturbed);
  }

  /** Forgets how it is now: the replica has changed. What it can do alone is forgotten with it. */
  reset(): void {
    this.recent.reset();
    this.undisturbed.reset();
  }
}

function rateOf(line: QuantileLine): number | undefined {
  if (line.count < ENOUGH) return undefined;
  const { rise } = line;
  return rise === undefined ? undefined : 1 / rise;
}
