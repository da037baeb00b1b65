import type { AdapterState } from '#pool/placement/placer.js';
import type { Scorer } from '#pool/placement/scorer.js';

/** llm-d's values. A replica that is loading the adapter comes after one with room: it would make this request wait as well. */
const WORTH: Readonly<Record<AdapterState, number>> = { loaded: 1, room: 0.8, loading: 0.6, full: 0 };

/**
 * Whether the adapter is there: 1 loaded, 0.8 room for it, 0.6 being loaded, 0 when another would have to go. 1 everywhere for a
 * request to the base model.
 */
export function loraAffinity(): Scorer {
  return {
    name: 'lora',
    category: 'affinity',
    score({ request, replicas }, scores) {
      let least = 1;
      for (let i = 0; i < replicas.length; i++) {
        const state = replicas[i]!.adapters?.state(request.model);
        const score = state === undefined ? 1 : WORTH[state];
        scores[i] = score;
        if (score < least) least = score;
      }
      return least < 1 ? 1 : 0;
    },
  };
}
