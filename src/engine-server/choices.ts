import type { Clock } from '#contract/clock.js';
import { WeirError } from '#contract/errors.js';
import type { Random } from '#contract/random.js';
import type { Tokens } from '#contract/units.js';
import type { EngineProfile } from '#pool/engine/profile.js';
import { type AnswerLimits, composeText, withThoughts } from './answer.js';
import type { EngineMetrics } from './engine-metrics.js';
import type { Faults } from './faults.js';
import type { Choice } from './generation.js';
import type { Pacer } from './pacer.js';
import { countTokens, type TokenisedPrompt, tokenise } from './prompt-prefix.js';

/** Stands on every response. */
export const SIMULATED_HEADER = { 'x-weir-simulated': 'true' };

export interface EngineService {
  readonly servedAs: string;
  readonly profile: EngineProfile;
  readonly answerTokens: Tokens;
  readonly pacer: Pacer;
  readonly metrics: EngineMetrics;
  readonly faults: Faults;
  readonly clock: Clock;
  /** Where answers come from: forked for each by its prompt, so that the same prompt gets the same answer. */
  readonly random: Random;
}

/** Counts and hashes a prompt, unless it is for another model or longer than the context window. */
export function promptOf(service: EngineService, { model }: { model: string }, text: string): TokenisedPrompt {
  if (model !== service.servedAs) {
    throw new WeirError('request.unknown_model', `The model \`${model}\` does not exist.`, { path: 'model' });
  }
  const { contextTokens } = service.profile;
  const tokens = countTokens(text.length);
  if (tokens >= contextTokens) {
    const message = `The model's context window is ${contextTokens} tokens; the prompt has about ${tokens}.`;
    throw new WeirError('request.context_too_long', message, { path: 'messages' });
  }
  return tokenise(text, service.servedAs);
}

/** Longest answer that the request asks for and the context window leaves room for. */
export function room({ profile }: EngineService, prompt: TokenisedPrompt, asked: Tokens | null | undefined): Tokens {
  const left = profile.contextTokens - prompt.tokens;
  if (asked !== null && asked !== undefined && asked > left) {
    const message = `${prompt.tokens} tokens of prompt and ${asked} of answer exceed the context window of ${profile.contextTokens}.`;
    throw new WeirError('request.context_too_long', message, { path: 'max_tokens' });
  }
  return asked ?? left;
}

/** What a request says of the length of its answer. */
export interface Wanted {
  readonly seed?: number | null | undefined;
  readonly stop: readonly string[];
  readonly min_tokens?: number | null | undefined;
  readonly ignore_eos?: boolean | null | undefined;
  /** Whether thoughts are to come before the answer. */
  readonly thinks?: boolean;
}

/** One answer in words. */
export function textChoice(
  service: EngineService,
  body: Wanted,
  prompt: TokenisedPrompt,
  most: Tokens,
  index: number,
): Choice {
  const { profile, servedAs, answerTokens } = service;
  const name = servedAs === profile.model ? profile.model : `${servedAs} (timed as ${profile.model})`;
  const opening = `This is Weir's simulated ${name} on ${profile.gpu}; no model ran, only its timing is real. In place of an answer:`;
  const limits: AnswerLimits = {
    most,
    least: body.min_tokens ?? 0,
    median: answerTokens,
    ignoreEnd: body.ignore_eos === true,
    stop: body.stop,
  };
  const random = service.random.fork(`${prompt.digest}/${body.seed ?? ''}/${index}`);
  const answer = composeText(random, limits, opening);
  return { prompt, answer: body.thinks === true ? withThoughts(answer, most) : answer };
}
