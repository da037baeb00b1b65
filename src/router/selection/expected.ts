import type { WorkloadProfile } from '#contract/profile.js';
import type { Milliseconds, Usd } from '#contract/units.js';
import { costOf } from '#contract/units.js';
import type { Contender } from './feasibility.js';

/**
 * Money a request is expected to cost on a model: prompt tokens at the prompt price, those in the prefix cache at the cached
 * price, and the median answer at the completion price.
 */
export function expectedCost({ model, quote }: Contender, profile: WorkloadProfile): Usd {
  const prompt = profile.promptTokens(model);
  const cached = Math.min(quote.prefixHitTokens, prompt);
  const { price } = quote;
  return (
    costOf(prompt - cached, price.prompt) +
    costOf(cached, price.cached) +
    costOf(profile.outputTokens.p50, price.completion)
  );
}

/** Time to the last token: TTFT + TPOT × median answer; `undefined` while either is unknown. */
export function expectedLatency({ quote }: Contender, profile: WorkloadProfile): Milliseconds | undefined {
  const { ttftMs, tpotMs } = quote;
  return ttftMs === undefined || tpotMs === undefined ? undefined : ttftMs + tpotMs * profile.outputTokens.p50;
}

/** Money as people read it: `$0.00012`. */
export function formatUsd(usd: Usd): string {
  return `$${Number(usd.toPrecision(3))}`;
}
