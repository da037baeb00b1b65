import type { Way } from '#gateway/runtime.js';
import type { ReplicaTarget } from '#pool/lease.js';
import type { EngineTerms } from '#protocols/protocol.js';

/**
 * Providers that answer 400 or 422 to members that OpenAI's API does not have. Engines that people run themselves take what vLLM takes, or pass
 * over it, and so do providers that resell many models.
 */
const STRICT =
  /^https:\/\/(?:[\w-]+\.)*(?:api\.openai\.com|openai\.azure\.com|api\.mistral\.ai|api\.groq\.com)(?=[:/]|$)/i;

/** What a replica is asked with, beside the conversation, for clients of other APIs than its own. */
export function termsOf(
  { url, servedModel }: Pick<ReplicaTarget, 'url' | 'servedModel'>,
  { maxTokens, streamUsage }: Pick<Way, 'maxTokens' | 'streamUsage'>,
): EngineTerms {
  return { servedModel, defaultMaxTokens: maxTokens, streamUsage, strict: STRICT.test(url) };
}
