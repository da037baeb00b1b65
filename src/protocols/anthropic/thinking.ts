import type { Message } from '#contract/request.js';
import type { Tokens } from '#contract/units.js';
import type { Json } from '#protocols/json.js';
import type { Reasoning } from '#protocols/neutral/conversation.js';

/** Thinking tokens for an effort: Anthropic's least, and steps of four from there. */
const BUDGETS: Readonly<Record<string, Tokens>> = { minimal: 1024, low: 1024, medium: 4096, high: 16_384 };
const MOST_BUDGET = 32_768;
const LEAST_BUDGET = 1024;

export interface Thinking {
  readonly thinking: Json;
  /** Thoughts count as output: the limit on both together. */
  readonly maxTokens: Tokens;
}

/**
 * How Anthropic is asked to think, or `undefined` for not at all.
 *
 * @param maxTokens the limit on the answer itself, which is kept whole: the budget comes on top.
 */
export function thinkingFor({ effort, budget }: Reasoning, maxTokens: Tokens): Thinking | undefined {
  if (budget === undefined && (effort === undefined || effort === 'none')) return undefined;
  const tokens = Math.max(LEAST_BUDGET, budget ?? BUDGETS[effort ?? 'medium'] ?? MOST_BUDGET);
  return { thinking: { type: 'enabled', budget_tokens: tokens }, maxTokens: maxTokens + tokens };
}

/**
 * Whether a conversation may be thought about: Anthropic refuses thinking in the middle of a tool's use whose own thought is
 * missing, and clients of other APIs seldom keep it.
 */
export function mayThink(messages: readonly Message[]): boolean {
  if (messages.at(-1)?.role !== 'tool') return true;
  const asked = messages.findLast(message => message.role === 'assistant');
  return asked?.content.some(part => part.type === 'thinking' && part.sealedBy === 'anthropic') === true;
}
