import type { Milliseconds, Tokens } from '#contract/units.js';
import { FadingMean } from './mean.js';
import { TtftRegression } from './ttft-regression.js';

/** Observations after which a replica's own history counts rather than its pool's. */
const ENOUGH = 8;

/** How fast a replica or a pool is, learned from its answers. */
export class LatencyEstimator {
  private readonly regression = new TtftRegression();
  private readonly tpot = new FadingMean(0.1);

  /** Whether there is history enough to prefer it to that of the whole pool. */
  get informed(): boolean {
    return this.regression.count >= ENOUGH;
  }

  /** Predicted time to first token when `tokens` prompt tokens have to be computed before it. */
  ttft(tokens: Tokens): Milliseconds | undefined {
    return this.regression.predict(tokens);
  }

  /** How much later the first token comes for each prompt token more that has to be computed; `undefined` while that is not known. */
  get prefillMsPerToken(): Milliseconds | undefined {
    return this.regression.rise;
  }

  get tpotMs(): Milliseconds | undefined {
    return this.tpot.value;
  }

  /** A streamed answer began. */
  began(tokens: Tokens, ttftMs: Milliseconds): void {
    this.regression.observe(tokens, ttftMs);
  }

  /** An answer of `completionTokens` ended, `decodeMs` after its first token. */
  ended(completionTokens: Tokens, decodeMs: Milliseconds): void {
    if (completionTokens >= 2 && decodeMs >= 0) this.tpot.observe(decodeMs / (completionTokens - 1));
  }

  reset(): void {
    this.regression.reset();
    this.tpot.reset();
  }
}
