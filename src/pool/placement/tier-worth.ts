import type { Tokens } from '#contract/units.js';
import type { EngineForecast, Load } from '#pool/engine/forecast.js';

/** Prompt tokens that a replica holds, by where they lie. */
export interface TieredTokens {
  readonly device: Tokens;
  readonly host: Tokens;
  readonly disk: Tokens;
}

/** What a token there counts where nobody knows what reading it takes: the credits of NVIDIA Dynamo's router. */
const HOST_CREDIT = 0.75;
const DISK_CREDIT = 0.25;
/** What is read and what is computed are compared on a replica with nothing else to do. */
const IDLE: Load = Object.freeze({ inFlight: 0, inFlightTokens: 0, pendingPrefillTokens: 0 });

/** Tokens by fixed credits. */
export function creditedWorth({ device, host, disk }: TieredTokens): Tokens {
  return device + HOST_CREDIT * host + DISK_CREDIT * disk;
}

/**
 * What a replica holds of a prompt in tokens that it need not compute. With d tokens on its GPUs and n behind them,
 *
 *     d + n · (1 − max(0, R − I) / C),     at least 0
 *
 * R: reading the n ({@link EngineForecast.readMs}: their KV over the link of each place, one place after the other); I: the first iteration of what is
 * left to compute, beside which the engine reads; C: computing the n, which is the time to first token without them less that with them. A read that is
 * hidden counts its tokens whole; one that takes longer than computing counts against those on the GPUs, since engines read whatever they find.
 * By {@link creditedWorth} where the hardware, or how its memory is read, is not described.
 */
export function tierWorth(promptTokens: Tokens, held: TieredTokens, forecast: EngineForecast | undefined): Tokens {
  const { device, host, disk } = held;
  const behind = host + disk;
  if (behind <= 0) return device;
  const readMs = forecast?.readMs(host, disk);
  if (forecast === undefined || readMs === undefined) return creditedWorth(held);
  const computeMs = forecast.ttftMs(IDLE, promptTokens, device) - forecast.ttftMs(IDLE, promptTokens, device + behind);
  if (!(computeMs > 0)) return device;
  const cached = Math.min(device + behind, promptTokens - 1);
  const first = Math.min(promptTokens - cached, forecast.profile.maxBatchedTokens);
  const waitMs = Math.max(0, readMs - forecast.ttftMs(IDLE, cached + first, cached));
  return Math.max(0, device + behind * (1 - waitMs / computeMs));
}
