import type { Milliseconds, Tokens } from '#contract/units.js';
import type { EngineForecast, Load } from '#pool/engine/forecast.js';
import type { PrefillSettings } from './schema.js';

/** One of two replicas that could compute a prompt. */
export interface Side extends Load {
  readonly forecast?: EngineForecast | undefined;
  readonly waiting: number;
  /** Prompt tokens it is expected to hold. */
  readonly cached: Tokens;
}

/** What computing a prompt on another replica would bring. */
export interface PrefillWorth {
  readonly worth: boolean;
  readonly reason: string;
  readonly uncachedTokens: Tokens;
  readonly hereMs?: Milliseconds;
  readonly thereMs?: Milliseconds;
  readonly transferMs?: Milliseconds;
  readonly stallMs?: Milliseconds;
}

const NO_LOAD: Load = { inFlight: 0, inFlightTokens: 0, pendingPrefillTokens: 0 };

/**
 * Whether the prompt of a request that replica `here` will answer should be computed on replica `there`:
 *
 *     uncached ≥ least   and   T_there + latency + uncached · KV bytes / link + τ  <  T_here + decoding · P
 *
 * T: time to first token on each as the engine model has it ({@link EngineForecast.ttftMs}), queue of prompts and batch included; τ the
 * iteration that makes the first token from the KV that came; P what the uncached prompt takes on an idle `here`, which each answer
 * being written there would wait longer in all. With no description of the hardware only the first condition is left, which is the
 * rule of llm-d (`nonCachedTokens`). That only uncached tokens are transferred is vLLM's NIXL connector; DistServe (arXiv 2401.09670)
 * is the source of weighing interference against transfer.
 */
export function prefillWorth(
  promptTokens: Tokens,
  here: Side,
  there: Side,
  { least, link, latency }: PrefillSettings,
): PrefillWorth {
  const uncachedTokens = Math.max(0, promptTokens - here.cached);
  if (uncachedTokens < least) {
    return { worth: false, reason: `${uncachedTokens} uncached tokens are fewer than ${least}`, uncachedTokens };
  }
  if (here.forecast === undefined || there.forecast === undefined) {
    const reason = `${uncachedTokens} uncached tokens are at least ${least}; no hardware is described to predict more by`;
    return { worth: true, reason, uncachedTokens };
  }
  const { kvTransferBytesPerToken } = here.forecast.profile;
  const transferMs = latency + ((uncachedTokens * kvTransferBytesPerToken) / (link * 1e9)) * 1000;
  const hereMs = here.forecast.ttftMs(here, promptTokens, here.cached);
  const decoding = Math.max(0, here.inFlight - here.waiting);
  const stallMs = decoding * here.forecast.ttftMs(NO_LOAD, promptTokens, here.cached);
  const firstToken = here.forecast.iterationMs(here.inFlight + 1, here.inFlightTokens + promptTokens);
  const thereMs = there.forecast.ttftMs(there, promptTokens, there.cached) + transferMs + firstToken;
  const worth = thereMs < hereMs + stallMs;
  const sum = `${ms(thereMs)} there, ${ms(transferMs)} of it transfer, against ${ms(hereMs)} here and ${ms(stallMs)} for ${decoding} answers`;
  return { worth, reason: sum, uncachedTokens, hereMs, thereMs, transferMs, stallMs };
}

function ms(value: Milliseconds): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}
