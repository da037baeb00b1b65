import type { PlacementRequest, PrefixTiers } from '#contract/placement.js';
import type { Milliseconds } from '#contract/units.js';
import type { EngineForecast, Load } from '#pool/engine/forecast.js';
import type { PrefixMatch } from './prefix-index.js';

/** Prompt tokens that a replica holds behind its GPUs' memory; `undefined` where it is not known to hold any there. */
export function prefixTiers(
  { promptTokens, prefix }: PlacementRequest,
  match: PrefixMatch | undefined,
  replica: string,
): Pick<PrefixTiers, 'host' | 'disk'> | undefined {
  const lower = match?.lowerOn?.(replica);
  if (lower === undefined) return undefined;
  const tokens = (blocks: number) => Math.min(promptTokens, Math.floor(blocks * prefix.blockTokens));
  const [host, disk] = [tokens(lower.host), tokens(lower.disk)];
  return host + disk > 0 ? { host, disk } : undefined;
}

const IDLE: Load = Object.freeze({ inFlight: 0, inFlightTokens: 0, pendingPrefillTokens: 0 });

/**
 * The same with what reading them takes, and what computing them would.
 *
 * @param expected prompt tokens that the replica holds in all tiers.
 * @param hardware `speed`: seconds of the real thing in a second here.
 */
export function pricedTiers(
  { host, disk }: Pick<PrefixTiers, 'host' | 'disk'>,
  promptTokens: number,
  expected: number,
  { forecast, speed }: { readonly forecast: EngineForecast | undefined; readonly speed: number },
): PrefixTiers {
  if (forecast === undefined) return { host, disk };
  const read = forecast.readMs(host, disk);
  const ttft = (cached: number): Milliseconds => forecast.ttftMs(IDLE, promptTokens, cached);
  const compute = ttft(Math.max(0, expected - host - disk)) - ttft(expected);
  return { host, disk, ...(read !== undefined && { readMs: read / speed }), computeMs: Math.max(0, compute / speed) };
}
