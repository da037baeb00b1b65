import type { Joules, Tokens } from '#contract/units.js';
import { iterationMs } from './iteration-cost.js';
import { powerAt } from './power.js';
import type { EngineProfile } from './profile.js';

/** Sequences that share the engine with the request: what a replica under ordinary load runs at once. */
const SHARED_WITH = 32;

export interface EnergyWork {
  readonly promptTokens: Tokens;
  /** Of the prompt tokens, those found in the prefix cache: they cost nothing again. */
  readonly cachedTokens: Tokens;
  readonly outputTokens: Tokens;
}

/**
 * The energy that one request adds to a replica which runs {@link SHARED_WITH} like it, in joules:
 *
 *     GPUs · P(32) · (prefill time of its uncached tokens + output tokens · iteration time / 32)
 *
 * with the engine model's iteration time and power curve. An estimate to compare models and pools by: idle power, which is
 * drawn whether the request comes or not, is in neither term beyond what the curve holds.
 */
export function requestEnergy(
  profile: EngineProfile,
  { promptTokens, cachedTokens, outputTokens }: EnergyWork,
): Joules {
  const { cost, power, tensorParallel } = profile;
  const fresh = Math.max(1, promptTokens - cachedTokens);
  const prefillMs =
    iterationMs(cost, {
      tokens: fresh,
      sampled: 1,
      attentionPairs: fresh * (cachedTokens + fresh / 2),
      kvTokens: promptTokens,
    }) - cost.overheadMs;
  const context = promptTokens + outputTokens / 2;
  const decodeMs = iterationMs(cost, {
    tokens: SHARED_WITH,
    sampled: SHARED_WITH,
    attentionPairs: SHARED_WITH * context,
    kvTokens: SHARED_WITH * context,
  });
  const ms = prefillMs + (outputTokens * decodeMs) / SHARED_WITH;
  return (tensorParallel * powerAt(power, SHARED_WITH) * ms) / 1000;
}
