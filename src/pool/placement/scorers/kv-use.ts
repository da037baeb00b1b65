import type { ReplicaView } from '#pool/placement/placer.js';
import type { Scorer } from '#pool/placement/scorer.js';

/**
 * Free KV memory: 1 − tokens in flight / tokens that the KV cache holds, 0 when full. Of a replica whose cache nobody has told the
 * size of, requests in flight over its concurrency limit stand in for it.
 */
export function kvUse(): Scorer {
  return {
    name: 'kv use',
    category: 'balance',
    score({ replicas }, scores) {
      for (let i = 0; i < replicas.length; i++) scores[i] = 1 - useOf(replicas[i]!);
      return 1;
    },
  };
}

function useOf({ inFlightTokens, kvTokens, inFlight, limit }: ReplicaView): number {
  const share = kvTokens === undefined ? inFlight / limit : inFlightTokens / kvTokens;
  return Math.min(1, Math.max(0, share));
}
