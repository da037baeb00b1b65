import type { PlacementRequest, PrefillPlacement } from '#contract/placement.js';
import { mayUse } from '#pool/flow/refusals.js';
import type { Choice } from '#pool/placement/placer.js';
import { Replica } from '#pool/topology/replica.js';
import type { ServedPool } from '#pool/topology/served.js';
import { prefillWorth } from './worth.js';

/** Where a prompt is computed for a replica that is to answer it. */
export interface PrefillPlace {
  readonly placement: PrefillPlacement;
  /** Absent when the replica that answers computes it itself. */
  readonly chosen?: { readonly replica: Replica; readonly choice: Choice; readonly request: PlacementRequest };
}

/**
 * Chooses a prefill replica once the replica that answers is known, as llm-d does: that one's cache decides how much is left to compute.
 * A prefill pool with no place free is never waited for.
 */
export function placePrefill(
  request: PlacementRequest,
  decode: Replica,
  expectedPrefixTokens: number,
  from: ServedPool,
  prefill: ServedPool,
): PrefillPlace {
  const settings = from.entry.prefill!;
  const uncachedTokens = Math.max(0, request.promptTokens - expectedPrefixTokens);
  const here = (reason: string): PrefillPlace => ({
    placement: { pool: prefill.name, reason, uncachedTokens, expectedPrefixTokens: 0 },
  });
  // Looking for the best prefill replica costs as much as placement itself: not for what is not worth it anyhow.
  if (uncachedTokens < settings.least) {
    return here(`${uncachedTokens} uncached tokens are fewer than ${settings.least}`);
  }
  const asked = promptOf(request);
  const choice = prefill.placer.choose(asked, prefill.replicas);
  const replica = choice?.replica;
  if (
    choice === undefined ||
    !(replica instanceof Replica) ||
    replica.unavailable !== undefined ||
    replica.inFlight >= replica.limit ||
    !mayUse(asked, replica)
  ) {
    return here('no prefill replica has a place free');
  }
  const { worth, ...why } = prefillWorth(
    request.promptTokens,
    sideOf(decode, expectedPrefixTokens),
    sideOf(replica, choice.expectedPrefixTokens),
    settings,
  );
  const placement = { pool: prefill.name, ...why, expectedPrefixTokens: choice.expectedPrefixTokens };
  if (!worth) return { placement };
  return { placement: { ...placement, replica: replica.id }, chosen: { replica, choice, request: asked } };
}

function sideOf(replica: Replica, cached: number) {
  const { forecast, inFlight, waiting, inFlightTokens, pendingPrefillTokens } = replica;
  return { forecast, inFlight, waiting, inFlightTokens, pendingPrefillTokens, cached };
}

/** The prompt alone, wherever the answer may go: a prefill pool is part of the pool that names it. */
function promptOf(request: PlacementRequest): PlacementRequest {
  const { model, promptTokens, tokens, session, exclude, flow } = request;
  return {
    ...{ model, promptTokens, tokens, outputTokens: 1, session, constraints: {}, exclude, flow },
    get prefix() {
      return request.prefix;
    },
  };
}
