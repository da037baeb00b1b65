import { WeirError } from '#contract/errors.js';
import { asText, invalid, isObject, type Json } from '#protocols/json.js';
import type { AnswerUsage, Finish } from '#protocols/neutral/answer.js';
import { isCount } from '#protocols/neutral/count.js';
import type { AnswerHead } from '#protocols/protocol.js';
import { usageOf } from './chat-answer.js';

/** Most answers to one prompt, as OpenAI has it. */
const MOST_ANSWERS = 128;

/** How many answers to each prompt a body asks for. @throws WeirError `request.invalid`. */
export function answersAsked({ n }: Json): number {
  if (n === undefined || n === null) return 1;
  if (typeof n === 'number' && Number.isInteger(n) && n >= 1 && n <= MOST_ANSWERS) return n;
  throw invalid('n', `n must be an integer from 1 to ${MOST_ANSWERS}`, '1');
}

/** Forms of an answer that `response_format` has in one engine or another, and that are no JSON. */
const NO_JSON: ReadonlySet<unknown> = new Set([undefined, 'text', 'grammar', 'regex', 'structural_tag']);

/** Whether a body says that the answer has to be JSON: as OpenAI has it, or as vLLM has it beside that. */
export function asksForJson({
  response_format: format,
  guided_json: guided,
  structured_outputs: outputs,
}: Json): boolean {
  if (isObject(format) && !NO_JSON.has(format.type)) return true;
  if (guided !== undefined && guided !== null) return true;
  if (!isObject(outputs)) return false;
  return (outputs.json !== undefined && outputs.json !== null) || outputs.json_object === true;
}

/** The indexes of the choices that an answer is written as. */
export function choiceIndexes({ choices = 1 }: AnswerHead): readonly number[] {
  return Array.from({ length: choices }, (_, index) => index);
}

/** Engines differ on the word when they have called a tool: the calls themselves decide. */
export function finishOf(reason: unknown, called: boolean): Finish {
  switch (reason) {
    case 'length':
    case 'content_filter':
      return reason;
    default:
      return called ? 'tool_calls' : 'stop';
  }
}

/** The text at which an answer stopped, where the engine says it, as vLLM and SGLang do; of tokens they say a number. */
export function stopTextOf({
  finish_reason: reason,
  stop_reason: stop,
  matched_stop: matched,
}: Json): string | undefined {
  const text = asText(stop) || asText(matched);
  return reason === 'stop' && text !== '' ? text : undefined;
}

export function answerUsage(value: unknown): AnswerUsage | undefined {
  const usage = usageOf(value);
  if (usage === undefined || !isObject(value)) return usage;
  const details = value.completion_tokens_details;
  const reasoningTokens = isObject(details) ? details.reasoning_tokens : undefined;
  return isCount(reasoningTokens) ? { ...usage, reasoningTokens } : usage;
}

/** Token counts in OpenAI's terms: the prompt includes what came from a cache. */
export function openaiUsage({ promptTokens, completionTokens, cachedTokens, reasoningTokens }: AnswerUsage): Json {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
    ...(reasoningTokens === undefined
      ? undefined
      : { completion_tokens_details: { reasoning_tokens: reasoningTokens } }),
  };
}

/** A budget of thinking tokens in words: the steps at which providers and gateways draw the lines. */
export function effortFor(budget: number | undefined): string | undefined {
  if (budget === undefined) return undefined;
  if (budget <= 2048) return 'low';
  return budget <= 8192 ? 'medium' : 'high';
}

/** An error that an engine sent in place of an answer. */
export function engineFailure(message: unknown): WeirError {
  const said = asText(message).slice(0, 300);
  return new WeirError('upstream.status', `The replica reported an error${said === '' ? '' : `: ${said}`}`);
}

/** An error as OpenAI writes it, what would be right at the end of its message. */
export function openaiError(error: WeirError): Json {
  const hint = error.hint === undefined ? '' : ` Expected ${error.hint}.`;
  const message = /[.!?]$/.test(error.message) ? error.message : `${error.message}.`;
  return { message: message + hint, type: error.type, param: error.path ?? null, code: error.code };
}
