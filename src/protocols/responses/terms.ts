import { WeirError } from '#contract/errors.js';
import { asText, isObject, type Json } from '#protocols/json.js';
import type { AnswerUsage, Finish } from '#protocols/neutral/answer.js';
import { isCount } from '#protocols/neutral/count.js';

/** Token counts as Responses writes them: the input includes what came from a cache. */
export function responsesUsage({ promptTokens, completionTokens, cachedTokens, reasoningTokens }: AnswerUsage): Json {
  return {
    input_tokens: promptTokens,
    input_tokens_details: { cached_tokens: cachedTokens },
    output_tokens: completionTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens ?? 0 },
    total_tokens: promptTokens + completionTokens,
  };
}

export function usageFrom(value: unknown): AnswerUsage | undefined {
  if (!isObject(value) || !isCount(value.input_tokens)) return undefined;
  const inputs = isObject(value.input_tokens_details) ? value.input_tokens_details.cached_tokens : undefined;
  const outputs = isObject(value.output_tokens_details) ? value.output_tokens_details.reasoning_tokens : undefined;
  return {
    promptTokens: value.input_tokens,
    completionTokens: isCount(value.output_tokens) ? value.output_tokens : 0,
    cachedTokens: isCount(inputs) ? inputs : 0,
    ...(isCount(outputs) && outputs > 0 ? { reasoningTokens: outputs } : undefined),
  };
}

/** Why a response that is over ended. */
export function finishFrom(response: Json, called: boolean): Finish {
  if (response.status === 'incomplete') {
    const reason = isObject(response.incomplete_details) ? response.incomplete_details.reason : undefined;
    return reason === 'content_filter' ? 'content_filter' : 'length';
  }
  return called ? 'tool_calls' : 'stop';
}

/** How a response that is over is marked. */
export function statusOf(finish: Finish): { readonly status: string; readonly incomplete_details: Json | null } {
  if (finish === 'length') return { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } };
  if (finish === 'content_filter') return { status: 'incomplete', incomplete_details: { reason: 'content_filter' } };
  return { status: 'completed', incomplete_details: null };
}

/** An error that came in place of an answer or in a stream. */
export function failureOf(value: unknown): WeirError {
  const said = isObject(value) ? asText(value.message).slice(0, 300) : '';
  return new WeirError('upstream.status', `The replica reported an error${said === '' ? '' : `: ${said}`}`);
}

/** What a reasoning item is sealed with. */
export function sealFrom(item: Json): { sealedBy: 'openai'; signature?: string; id?: string } {
  const signature = asText(item.encrypted_content);
  const id = asText(item.id);
  return {
    sealedBy: 'openai',
    ...(signature === '' ? undefined : { signature }),
    ...(id === '' ? undefined : { id }),
  };
}
