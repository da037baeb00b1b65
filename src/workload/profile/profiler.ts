import type { TokenEstimator, WorkloadProfile } from '#contract/profile.js';
import type { InferenceRequest } from '#contract/request.js';
import type { Tokens } from '#contract/units.js';
import { OutputLengths } from './output-lengths.js';
import { type ProfileSources, RequestProfile } from './request-profile.js';
import { createTokenEstimator } from './token-estimator.js';

export interface ProfilerOptions {
  /** Headers in which callers may carry their own conversation id, in order of precedence. */
  readonly sessionHeaders: readonly string[];
  /** Characters in a token until a model's own ratio is known. */
  readonly charsPerToken: number;
  /** Bytes in a block of {@link WorkloadProfile.prefix}; 256 unless said. */
  readonly blockBytes?: number;
}

/** Makes profiles, and learns from how the requests went. */
export interface Profiler {
  readonly tokens: TokenEstimator;
  /** The facts of a request. A few hundred nanoseconds: whatever reads text is computed when first asked for. */
  profile(request: InferenceRequest): WorkloadProfile;
  /**
   * An engine reported `promptTokens` for this request: calibrates the estimate for `model`. Prompts with images, audio or files
   * are left out, for their tokens are not the text's.
   */
  observePrompt(profile: WorkloadProfile, model: string, promptTokens: Tokens): void;
  /** The answer to this request was `completionTokens` long (one answer of several, when `n` were asked for). */
  observeOutput(profile: WorkloadProfile, completionTokens: Tokens): void;
}

export function createProfiler(options: ProfilerOptions): Profiler {
  const tokens = createTokenEstimator({ charsPerToken: options.charsPerToken });
  const lengths = new OutputLengths();
  const sources: ProfileSources = {
    sessionHeaders: options.sessionHeaders.map(header => header.toLowerCase()),
    blockBytes: options.blockBytes ?? 256,
    tokens,
    lengths,
  };
  return {
    tokens,
    profile: request => new RequestProfile(request, sources),
    observePrompt(profile, model, promptTokens) {
      if (profile instanceof RequestProfile && profile.media === 0) {
        tokens.observe(model, profile.promptBytes, promptTokens);
      }
    },
    observeOutput(profile, completionTokens) {
      const facts = profile instanceof RequestProfile ? profile.lengthFacts() : undefined;
      lengths.observe(profile.application, profile.archetype, completionTokens, facts);
    },
  };
}
