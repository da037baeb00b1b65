import { WeirError } from '#contract/errors.js';
import type { Tokens } from '#contract/units.js';

/**
 * Longest answer that a request asks for and the context window leaves room for.
 *
 * @throws WeirError `request.context_too_long` when the prompt fills the window, or prompt and answer exceed it.
 */
export function roomFor(
  contextTokens: Tokens,
  promptTokens: Tokens,
  asked: Tokens | null | undefined,
  promptPath: 'messages' | 'prompt' | 'input',
): Tokens {
  if (promptTokens >= contextTokens) throw promptTooLong(contextTokens, promptTokens, promptPath);
  const left = contextTokens - promptTokens;
  if (asked !== null && asked !== undefined && asked > left) {
    const message = `${promptTokens} tokens of prompt and ${asked} of answer exceed the context window of ${contextTokens}.`;
    throw new WeirError('request.context_too_long', message, { path: 'max_tokens' });
  }
  return asked ?? left;
}

export function promptTooLong(
  contextTokens: Tokens,
  promptTokens: Tokens,
  path: 'messages' | 'prompt' | 'input',
): WeirError {
  const message = `The model's context window is ${contextTokens} tokens; the prompt has about ${promptTokens}.`;
  return new WeirError('request.context_too_long', message, { path });
}
