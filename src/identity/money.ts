import type { NanoUsd } from '#contract/identity.js';
import type { Price } from '#contract/pool-view.js';
import { costOf, type Tokens, type Usd } from '#contract/units.js';

const NANO = 1e9;
/** The largest amount that is still counted exactly: nine million dollars, 2^53 billionths. */
export const MAX_USD: Usd = 9_000_000;

export function toNano(usd: Usd): NanoUsd {
  return Math.round(usd * NANO);
}

export function fromNano(nano: NanoUsd): Usd {
  return nano / NANO;
}

/** What a prompt and an answer would cost at most: no token found in a cache. Rounded up. */
export function nanoCost(promptTokens: Tokens, completionTokens: Tokens, price: Price): NanoUsd {
  return Math.ceil((costOf(promptTokens, price.prompt) + costOf(completionTokens, price.completion)) * NANO);
}

/** An amount of money for people: cents, and more digits where the amount is small. */
export function showUsd(nano: NanoUsd): string {
  const usd = fromNano(nano);
  return `${usd !== 0 && Math.abs(usd) < 0.1 ? Number(usd.toPrecision(3)) : usd.toFixed(2)} USD`;
}
