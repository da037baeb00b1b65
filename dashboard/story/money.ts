import type { Price, Usage } from '../api/types.js';

/** What tokens cost in USD at a price per million, the cached share of the prompt at its own. */
export function billed(usage: Usage, price: Price): number {
  const fresh = Math.max(0, usage.promptTokens - usage.cachedTokens);
  return (fresh * price.prompt + usage.cachedTokens * price.cached + usage.completionTokens * price.completion) / 1e6;
}
