import { iterationMs } from '#pool/engine/iteration-cost.js';
import type { EngineProfile } from '#pool/engine/profile.js';
import type { TraceRequest } from '#workload/traces/trace.js';

/**
 * The share of its capacity that a fleet needs for a trace at its own arrival times, were its prefix caches one: what planners call
 * utilisation. Below 1 the fleet keeps up.
 *
 * Each request takes the engine time of its prefill, cached blocks left out, in chunks of the whole token budget, and of its
 * decoding as one of as many sequences of mean length as fit the KV cache. Decodes that ride along in a prefill's iterations cost
 * less, so the true capacity is somewhat higher. `undefined` for a trace that lasts no time.
 *
 * @param cachedBlocks of each request, the prefix blocks that a shared cache holds when it arrives.
 */
export function offeredUtilisation(
  requests: readonly TraceRequest[],
  cachedBlocks: ArrayLike<number>,
  profile: EngineProfile,
  replicas: number,
): number | undefined {
  const spanMs = (requests.at(-1)?.arrivalMs ?? 0) - (requests[0]?.arrivalMs ?? 0);
  if (spanMs <= 0) return undefined;
  let tokens = 0;
  let outputs = 0;
  let prefillMs = 0;
  for (const [i, { promptTokens, outputTokens, prefix }] of requests.entries()) {
    tokens += promptTokens + outputTokens;
    outputs += outputTokens;
    const cached = Math.min(promptTokens - 1, cachedBlocks[i]! * prefix.blockTokens);
    prefillMs += prefillTime(promptTokens - cached, cached, profile);
  }
  const meanTokens = tokens / requests.length;
  const room = Math.floor((profile.totalBlocks * profile.blockTokens) / meanTokens);
  const batch = Math.max(1, Math.min(profile.maxSequences, room));
  const pairs = batch * meanTokens;
  const decodeMs =
    iterationMs(profile.cost, { tokens: batch, sampled: batch, attentionPairs: pairs, kvTokens: pairs }) / batch;
  return (prefillMs + outputs * decodeMs) / (spanMs * replicas);
}

function prefillTime(uncached: number, cached: number, profile: EngineProfile): number {
  const chunk = Math.min(profile.maxBatchedTokens, profile.prefillChunk);
  const chunks = Math.ceil(uncached / chunk);
  const tokens = uncached / chunks;
  const context = cached + uncached / 2;
  return (
    chunks *
    iterationMs(profile.cost, {
      tokens,
      sampled: 1 / chunks,
      attentionPairs: tokens * context,
      kvTokens: context,
    })
  );
}
