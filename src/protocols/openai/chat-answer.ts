import type { Usage } from '#contract/outcome.js';
import type { AnswerFacts } from '#protocols/protocol.js';

type Json = Readonly<Record<string, unknown>>;

/**
 * Usage and finish reason of a whole Chat Completions answer.
 *
 * @returns `undefined` when the answer is not a JSON object with choices.
 */
export function answerFacts(answer: Buffer): AnswerFacts | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(answer.toString('utf8'));
  } catch {
    return undefined;
  }
  if (!isObject(parsed) || !Array.isArray(parsed.choices)) return undefined;
  const first: unknown = parsed.choices[0];
  const finish = isObject(first) && typeof first.finish_reason === 'string' ? first.finish_reason : undefined;
  return { usage: usageOf(parsed.usage), finish };
}

/** A `usage` object → token counts; `undefined` when it holds none. */
export function usageOf(value: unknown): Usage | undefined {
  if (!isObject(value) || typeof value.prompt_tokens !== 'number') return undefined;
  const details = value.prompt_tokens_details;
  const cached = isObject(details) && typeof details.cached_tokens === 'number' ? details.cached_tokens : 0;
  return {
    promptTokens: value.prompt_tokens,
    completionTokens: typeof value.completion_tokens === 'number' ? value.completion_tokens : 0,
    cachedTokens: cached,
  };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
