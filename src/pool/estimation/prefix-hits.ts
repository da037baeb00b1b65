import type { Tokens } from '#contract/units.js';
import { FadingMean } from './mean.js';

/** An answer counts for so much beside all before it. */
const KEPT = 0.03;

/** Share of prompt tokens that a replica found in its prefix cache, of late: by what its engine reported of each answer, weighted by tokens. */
export class PrefixHits {
  private readonly prompt = new FadingMean(KEPT);
  private readonly cached = new FadingMean(KEPT);
  private told = false;

  /** `undefined` until its engine has reported a hit: many report none that they have. */
  get share(): number | undefined {
    const prompt = this.prompt.value ?? 0;
    return this.told ? (this.cached.value ?? 0) / prompt : undefined;
  }

  observe(prompt: Tokens, cached: Tokens): void {
    if (!(prompt > 0) || !(cached >= 0)) return;
    this.told ||= cached > 0;
    this.prompt.observe(prompt);
    this.cached.observe(Math.min(prompt, cached));
  }

  reset(): void {
    this.told = false;
    this.prompt.reset();
    this.cached.reset();
  }
}
