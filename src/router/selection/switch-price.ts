import type { WorkloadProfile } from '#contract/profile.js';
import { costOf, formatDuration, type Milliseconds, type Tokens, type Usd } from '#contract/units.js';
import { formatUsd } from './expected.js';
import type { Contender } from './feasibility.js';

/** What a model costs more because the conversation so far is in another model's prefix cache and not in its own. */
export interface SwitchPrice {
  /** The model that has it. */
  readonly from: string;
  /** Prompt tokens that have to be computed again. */
  readonly tokens: Tokens;
  /** What they cost above the cached price; 0 where the cache has no discount. */
  readonly usd: Usd;
  /** How much later the first token comes; absent while the speed of the prefill is not known. */
  readonly ms?: Milliseconds | undefined;
}

/**
 * Prices a change of model in the middle of a conversation: tokens = max(0, share of the prompt that the warmest model is expected to
 * hold × own prompt − own hit), USD = tokens × (prompt price − cached price), ms = tokens / prefill rate.
 *
 * It says what {@link expectedCost} and the predicted TTFT already have in them through the quote's prefix hit, and adds nothing.
 *
 * @returns the price for each contender in order; `undefined` for the warmest, and wherever nothing is lost.
 */
export function switchPrices(
  contenders: readonly Contender[],
  profile: WorkloadProfile,
): readonly (SwitchPrice | undefined)[] {
  let warmest: string | undefined;
  let most = 0;
  const prompts = contenders.map(({ model }) => profile.promptTokens(model));
  const hits = contenders.map(({ quote }, i) => Math.min(quote.prefixHitTokens, prompts[i]!));
  contenders.forEach(({ model }, i) => {
    const share = prompts[i]! > 0 ? hits[i]! / prompts[i]! : 0;
    if (share <= most) return;
    most = share;
    warmest = model;
  });
  return contenders.map(({ model, quote }, i) => {
    const tokens = Math.round(most * prompts[i]! - hits[i]!);
    if (warmest === undefined || model === warmest || tokens < 1) return undefined;
    const { price, prefillMsPerToken: rate } = quote;
    const usd = Math.max(0, costOf(tokens, price.prompt) - costOf(tokens, price.cached));
    return { from: warmest, tokens, usd, ms: rate === undefined ? undefined : tokens * rate };
  });
}

/** For the reason of a candidate: `; 12000 tokens warm on large are computed anew (+$0.0012, +340ms)`; nothing where nothing is lost. */
export function switchReason(price: SwitchPrice | undefined): string {
  if (price === undefined) return '';
  const { from, tokens, usd, ms } = price;
  const costs: string[] = [];
  if (usd > 0) costs.push(`+${formatUsd(usd)}`);
  if (ms !== undefined) costs.push(`+${formatDuration(ms)}`);
  const worth = costs.length === 0 ? '' : ` (${costs.join(', ')})`;
  return `; ${tokens} tokens warm on ${from} are computed anew${worth}`;
}
