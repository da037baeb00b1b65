import type { TokenEstimator } from '#contract/profile.js';
import type { Tokens } from '#contract/units.js';

export interface TokenEstimatorOptions {
  /** Characters (UTF-16 units) in a token until enough has been seen: 4 for English. */
  readonly charsPerToken: number;
  /** γ of the conservative ratio ĉ − γσ̂: 0 gives the expected count, 1 to 2 one that few prompts exceed. 0 unless said. */
  readonly margin?: number;
}

/** Weight of the past once warm. */
const DECAY = 0.995;
/** A model's own ratio replaces the default after this many reports. */
const MIN_SAMPLES = 10;
/** Models beyond this many: the one least recently seen is forgotten. */
export const MAX_MODELS = 256;
/** Below this, the chat template outweighs the text and the report says nothing of the ratio. */
const MIN_CHARS = 32;
/** No tokenizer is outside of these on text; a report that is comes from something else than text. */
const RATIO_RANGE: readonly [number, number] = [0.25, 16];

interface Ratio {
  samples: number;
  mean: number;
  /** Mean absolute deviation. */
  deviation: number;
}

/**
 * Prompt tokens from characters, calibrated per model by what engines report (`wrp.md` §5.2, token-budget pool routing):
 * c = chars / prompt tokens, ĉ ← βĉ + (1−β)c, σ̂ ← βσ̂ + (1−β)|c − ĉ|, tokens = ⌈chars / max(ĉ − γσ̂, ¼)⌉.
 *
 * β is n/(n+1) for the n-th report until that exceeds 0.995, a plain mean, so that the first reports count at once. The mean moves
 * alike in both directions: the estimate feeds money and placement, which want it unbiased; caution is γ's part alone. A model
 * that was reported less than ten times takes the ratio of all models together, and that the configured one.
 */
export function createTokenEstimator(options: TokenEstimatorOptions): TokenEstimator {
  const margin = options.margin ?? 0;
  const models = new Map<string, Ratio>();
  const overall: Ratio = { samples: 0, mean: options.charsPerToken, deviation: 0 };

  return {
    estimate(chars: number, model?: string): Tokens {
      if (!(chars > 0)) return 0;
      const own = model === undefined ? undefined : models.get(model);
      const ratio = own !== undefined && own.samples >= MIN_SAMPLES ? own : overall;
      if (ratio.samples < MIN_SAMPLES) return Math.ceil(chars / options.charsPerToken);
      return Math.ceil(chars / Math.max(RATIO_RANGE[0], ratio.mean - margin * ratio.deviation));
    },
    observe(model: string, chars: number, promptTokens: Tokens): void {
      if (!(chars >= MIN_CHARS) || !(promptTokens > 0)) return;
      const seen = chars / promptTokens;
      if (seen < RATIO_RANGE[0] || seen > RATIO_RANGE[1]) return;
      learn(overall, seen);
      let ratio = models.get(model);
      if (ratio === undefined) {
        ratio = { samples: 0, mean: 0, deviation: 0 };
        if (models.size >= MAX_MODELS) forgetOldest(models);
      } else models.delete(model);
      models.set(model, ratio);
      learn(ratio, seen);
    },
  };
}

function learn(ratio: Ratio, seen: number): void {
  const keep = Math.min(DECAY, ratio.samples / (ratio.samples + 1));
  const deviation = ratio.samples === 0 ? 0 : Math.abs(seen - ratio.mean);
  ratio.mean = keep * ratio.mean + (1 - keep) * seen;
  ratio.deviation = keep * ratio.deviation + (1 - keep) * deviation;
  ratio.samples++;
}

/** A map keeps the order of insertion, and whoever is seen is put in anew: the first is the one least recently seen. */
function forgetOldest(models: Map<string, unknown>): void {
  const oldest = models.keys().next();
  if (oldest.done !== true) models.delete(oldest.value);
}
