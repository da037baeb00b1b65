import { WeirError } from '#contract/errors.js';
import { asText, isObject, type Json } from '#protocols/json.js';
import type { AnswerUsage, Finish } from '#protocols/neutral/answer.js';
import { isCount } from '#protocols/neutral/count.js';
import type { Lost } from '#protocols/neutral/lost.js';

/** Token counts in Anthropic's terms: what came from or went to a cache is not in `input_tokens`. */
export function anthropicUsage(usage: AnswerUsage | undefined): Json {
  const { promptTokens = 0, completionTokens = 0, cachedTokens = 0, cacheWriteTokens = 0 } = usage ?? {};
  return {
    input_tokens: Math.max(0, promptTokens - cachedTokens - cacheWriteTokens),
    cache_creation_input_tokens: cacheWriteTokens,
    cache_read_input_tokens: cachedTokens,
    output_tokens: completionTokens,
  };
}

/** The counts in a `usage` object; later ones of a stream replace what was counted before. */
export function usageFrom(value: unknown, before?: AnswerUsage): AnswerUsage | undefined {
  // Without the prompt's tokens nothing is known: what is missing is estimated, not free.
  if (!isObject(value) || (before === undefined && !isCount(value.input_tokens))) return before;
  const known = before ?? { promptTokens: 0, completionTokens: 0, cachedTokens: 0 };
  const count = (key: string, otherwise: number): number => {
    const found = value[key];
    return isCount(found) ? found : otherwise;
  };
  const cachedTokens = count('cache_read_input_tokens', known.cachedTokens);
  const cacheWriteTokens = count('cache_creation_input_tokens', known.cacheWriteTokens ?? 0);
  const fresh = count('input_tokens', known.promptTokens - known.cachedTokens - (known.cacheWriteTokens ?? 0));
  const details = isObject(value.output_tokens_details) ? value.output_tokens_details.thinking_tokens : undefined;
  const reasoningTokens = isCount(details) ? details : known.reasoningTokens;
  return {
    promptTokens: fresh + cachedTokens + cacheWriteTokens,
    completionTokens: count('output_tokens', known.completionTokens),
    cachedTokens,
    ...(cacheWriteTokens > 0 ? { cacheWriteTokens } : undefined),
    ...(reasoningTokens === undefined ? undefined : { reasoningTokens }),
  };
}

const STOP_REASON: Readonly<Record<Finish, string>> = {
  stop: 'end_turn',
  stop_sequence: 'stop_sequence',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'refusal',
};

export function stopReason(finish: Finish): string {
  return STOP_REASON[finish];
}

export function finishFrom(reason: unknown): Finish {
  switch (reason) {
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'length';
    case 'tool_use':
      return 'tool_calls';
    case 'stop_sequence':
      return 'stop_sequence';
    case 'refusal':
      return 'content_filter';
    default:
      return 'stop';
  }
}

/** The stop texts that Anthropic takes: it refuses those of white space alone. */
export function stopsOf(stop: readonly string[] | undefined, lost: Lost): readonly string[] | undefined {
  const taken = stop?.filter(text => text.trim() !== '');
  if (taken?.length !== stop?.length) lost.add('stop');
  return taken?.length === 0 ? undefined : taken;
}

/** The error type that Anthropic's clients know for a status. */
function errorType(status: number): string {
  switch (status) {
    case 401:
      return 'authentication_error';
    case 402:
      return 'billing_error';
    case 403:
      return 'permission_error';
    case 404:
      return 'not_found_error';
    case 413:
      return 'request_too_large';
    case 429:
      return 'rate_limit_error';
    case 503:
    case 529:
      return 'overloaded_error';
    case 504:
      return 'timeout_error';
    default:
      return status < 500 ? 'invalid_request_error' : 'api_error';
  }
}

/** An error as Anthropic writes it; Weir's own code and the path of what is wrong stand beside. */
export function errorJson(error: WeirError): Json {
  const hint = error.hint === undefined ? '' : ` Expected ${error.hint}.`;
  const said = /[.!?]$/.test(error.message) ? error.message : `${error.message}.`;
  const where = error.path === undefined || error.path === '' ? '' : `${error.path}: `;
  return {
    type: 'error',
    error: { type: errorType(error.status), message: where + said + hint, code: error.code, param: error.path ?? null },
  };
}

/** An error that came in place of an answer or in a stream. */
export function failureOf(value: unknown): WeirError {
  const said = isObject(value) ? asText(value.message).slice(0, 300) : '';
  return new WeirError('upstream.status', `The replica reported an error${said === '' ? '' : `: ${said}`}`);
}
