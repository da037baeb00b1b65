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

/** Amounts from $0.0000001 to below $10 are put into words once each: 900 in every power of ten. */
const LEAST_EXPONENT = -7;
const EXPONENTS = 8;
const WRITTEN: (string | undefined)[] = new Array<string | undefined>(EXPONENTS * 1000).fill(undefined);
/** `SCALE[e - LEAST_EXPONENT]` makes an integer of three digits of an amount between 10^e and 10^(e + 1). */
const SCALE = Array.from({ length: EXPONENTS }, (_, i) => 10 ** (2 - LEAST_EXPONENT - i));

/** Money as people read it, to three digits: `$0.00012`. */
export function formatUsd(usd: Usd): string {
  // Writing a number with a fraction is dear; amounts of three digits repeat, so that most are only looked up.
  for (let i = 0; i < EXPONENTS; i++) {
    const digits = Math.round(usd * SCALE[i]!);
    if (digits < 100) break;
    if (digits >= 1000) continue;
    const at = i * 1000 + digits;
    const written = WRITTEN[at] ?? plainUsd(Number(`${digits}e${LEAST_EXPONENT + i - 2}`));
    WRITTEN[at] = written;
    return written;
  }
  return plainUsd(usd);
}

function plainUsd(usd: Usd): string {
  return `$${Number(usd.toPrecision(3))}`;
}
