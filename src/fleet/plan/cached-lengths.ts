import { countUpTo } from '#contract/rising.js';
import { TARGET_UTILISATION } from '#fleet/closed-form/boundary-sweep.js';
import { replicaCapacity } from '#fleet/closed-form/capacity.js';
import { LengthMix, type RequestLengths } from '#fleet/closed-form/length-mix.js';
import { readMs } from '#pool/engine/host-cache.js';
import type { ReuseDistances } from '#workload/shape/reuse-distances.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import type { ReplicaKind } from './replica-kinds.js';

/** Requests that the number of replicas is estimated from, and how often it is computed anew from the hits of the one before. */
const SAMPLED = 48;
const HALVINGS = 15;
const ROUNDS = 3;

/**
 * The requests of a trace as replicas of one kind see them: what of each prompt their caches hold, and what reading it takes where it lies behind
 * the GPUs. The caches of all replicas count as one of their size, as if each prompt went to where it is held, and its blocks go least recently
 * used first, from the GPUs to the host's memory to storage. How many replicas there are follows from what is left to compute.
 *
 * @param rate requests a second.
 */
export function cachedLengths(
  requests: readonly TraceRequest[],
  distances: ReuseDistances,
  kind: ReplicaKind,
  rate: number,
): readonly RequestLengths[] {
  let lengths: readonly RequestLengths[] = requests;
  for (let round = 0; round < ROUNDS; round++) {
    const mix = new LengthMix(lengths);
    const demand = { moments: mix.moments(0, mix.size), sample: mix.sample(0, mix.size, SAMPLED) };
    const capacity = replicaCapacity(kind.profile, demand, HALVINGS);
    if (!(capacity > 0)) return lengths;
    const replicas = Math.max(1, Math.ceil(rate / (TARGET_UTILISATION * capacity)));
    lengths = withHits(requests, distances, kind, replicas);
  }
  return lengths;
}

function withHits(
  requests: readonly TraceRequest[],
  { blockTokens, found }: ReuseDistances,
  { profile, tiers }: ReplicaKind,
  replicas: number,
): readonly RequestLengths[] {
  const room = (blocks: number) => (replicas * blocks * profile.blockTokens) / blockTokens;
  const device = room(profile.totalBlocks);
  const host = device + room(tiers?.memory.blocks ?? 0);
  const disk = host + room(tiers?.memory.disk?.blocks ?? 0);
  return requests.map(({ promptTokens, outputTokens }, at) => {
    const sizes = found[at] ?? [];
    // The last token is computed in any case.
    const held = (size: number) => Math.min(promptTokens - 1, countUpTo(sizes, size) * blockTokens);
    const [onDevice, onHost, onDisk] = [held(device), held(host), held(disk)];
    const reading = readMs(profile, tiers?.memory, onHost - onDevice, onDisk - onHost);
    return { promptTokens, outputTokens, cachedTokens: onDisk, ...(reading && { readMs: reading }) };
  });
}
