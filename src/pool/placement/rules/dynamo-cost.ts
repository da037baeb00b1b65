import { creditedTokens, type Scorer } from '#pool/placement/scorer.js';

/**
 * NVIDIA Dynamo's router, least cost in blocks first:
 *
 *     scale · max(active prefill + prompt − credit, 0) + active decode + incoming
 *
 * Active prefill is what the replica has still to compute, credit what its cache holds of the prompt (in the GPUs' memory 1, in the host's 0.75, on disk 0.25 of it), active
 * decode the blocks of the requests on it, incoming those of this one. `incoming` is the same everywhere but counts in the scale of
 * the scores. Active decode includes the expected rest of each answer, which Dynamo adds as it is written.
 *
 * @param scale `prefill_load_scale`, 1 unless said.
 */
export function dynamoCost(scale = 1): Scorer {
  return {
    name: 'dynamo cost',
    category: 'rule',
    readsPrefix: true,
    score(candidates, scores) {
      const { request, replicas } = candidates;
      const incoming = request.promptTokens + request.outputTokens;
      let most = 0;
      for (let i = 0; i < replicas.length; i++) {
        const { pendingPrefillTokens, inFlightTokens } = replicas[i]!;
        const prefill = Math.max(0, pendingPrefillTokens + request.promptTokens - creditedTokens(candidates, i));
        const cost = scale * prefill + Math.max(0, inFlightTokens) + incoming;
        scores[i] = cost;
        if (cost > most) most = cost;
      }
      for (let i = 0; i < replicas.length; i++) scores[i] = most > 0 ? 1 - scores[i]! / most : 1;
      return most;
    },
  };
}
