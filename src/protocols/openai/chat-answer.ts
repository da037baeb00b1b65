import type { Usage } from '#contract/outcome.js';
import { finishWord } from '#protocols/neutral/answer.js';
import { isCount } from '#protocols/neutral/count.js';
import type { AnswerFacts } from '#protocols/protocol.js';

type Json = Readonly<Record<string, unknown>>;

/** A whole answer that plain engines give: an object that has choices, and usage behind them. */
/** Of the first choice: what stands there and is no word of the API is no reason. */
const FINISH = /"finish_reason"\s*:\s*(?:"([a-z_]{1,32})"|.)/;
const PROMPT = /"prompt_tokens"\s*:\s*(\d{1,12})(?![\d.eE])/;
const COMPLETION = /"completion_tokens"\s*:\s*(\d{1,12})(?![\d.eE])/;
const CACHED = /"cached_tokens"\s*:\s*(\d{1,12})(?![\d.eE])/;

/**
 * Usage and finish reason of a whole Chat Completions answer.
 *
 * The answer is the engine's, and goes to the client as it is: so the few facts are picked out of its text, where a raw
 * `"usage"` cannot stand inside a string because its quotes would be escaped. Only what does not look like an answer is parsed.
 *
 * @param text the bytes of the answer, one character each (latin1).
 * @returns `undefined` when the answer is not a JSON object with choices.
 */
export function answerFacts(text: string): AnswerFacts | undefined {
  const usageAt = text.lastIndexOf('"usage"');
  const whole = text.charCodeAt(0) === 123 && text.trimEnd().endsWith('}');
  if (!whole || usageAt < 0 || text.indexOf('"choices"') < 0) return parsedFacts(text);
  const tail = text.slice(usageAt);
  const prompt = PROMPT.exec(tail)?.[1];
  const completion = COMPLETION.exec(tail)?.[1];
  if (prompt === undefined || completion === undefined) return parsedFacts(text);
  return {
    usage: {
      promptTokens: Number(prompt),
      completionTokens: Number(completion),
      cachedTokens: Number(CACHED.exec(tail)?.[1] ?? 0),
    },
    finish: FINISH.exec(text)?.[1],
  };
}

function parsedFacts(text: string): AnswerFacts | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(parsed) || !Array.isArray(parsed.choices)) return undefined;
  const first: unknown = parsed.choices[0];
  const finish = isObject(first) ? finishWord(first.finish_reason) : undefined;
  return { usage: usageOf(parsed.usage), finish };
}

/** A `usage` object → token counts; `undefined` when it holds none. */
export function usageOf(value: unknown): Usage | undefined {
  if (!isObject(value) || !isCount(value.prompt_tokens)) return undefined;
  const details = value.prompt_tokens_details;
  return {
    promptTokens: value.prompt_tokens,
    completionTokens: isCount(value.completion_tokens) ? value.completion_tokens : 0,
    cachedTokens: isObject(details) && isCount(details.cached_tokens) ? details.cached_tokens : 0,
  };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
