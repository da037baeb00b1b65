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
  /** How long answers are. */
  readonly lengths: OutputLengths;
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

/** @param learnt what an earlier profiler has learnt and is still true. */
export function createProfiler(
  options: ProfilerOptions,
  learnt: Partial<Pick<Profiler, 'tokens' | 'lengths'>> = {},
): Profiler {
  const { tokens = createTokenEstimator({ charsPerToken: options.charsPerToken }), lengths = new OutputLengths() } =
    learnt;
  const sources: ProfileSources = {
    sessionHeaders: options.sessionHeaders.map(header => header.toLowerCase()),
    blockBytes: options.blockBytes ?? 256,
    tokens,
    lengths,
  };
  return {
    tokens,
    lengths,
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
