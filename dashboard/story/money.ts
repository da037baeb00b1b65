import type { Model, Price, Usage } from '../api/types.js';

/** What tokens cost in USD at a price per million, the cached share of the prompt at its own. */
function billed(usage: Usage, price: Price): number {
  const fresh = Math.max(0, usage.promptTokens - usage.cachedTokens);
  return (fresh * price.prompt + usage.cachedTokens * price.cached + usage.completionTokens * price.completion) / 1e6;
}

/** The model for which these tokens would have cost most, and how much. */
export function dearest(usage: Usage, models: readonly Model[]): { name: string; costUsd: number } | undefined {
  return models
    .map(({ name, price }) => ({ name, costUsd: billed(usage, price) }))
    .reduce<{ name: string; costUsd: number } | undefined>(
      (most, next) => (most === undefined || next.costUsd > most.costUsd ? next : most),
      undefined,
    );
}
