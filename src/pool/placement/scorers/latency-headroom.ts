import type { Milliseconds, Tokens } from '#contract/units.js';
import type { ReplicaView } from '#pool/placement/placer.js';
import { cachedTokens, type Scorer } from '#pool/placement/scorer.js';

export interface LatencyObjective {
  readonly ttftMs: Milliseconds;
  readonly tpotMs: Milliseconds;
}

/**
 * What the SLO would have left. With h = 1 − predicted / objective, its share that is left (negative when missed), for time to
 * first token and time per output token alike, the score of each is
 *
 *     ½ + ½ h   for h ≥ 0,        ½ / (1 − h)   for h < 0
 *
 * so that above ½ means kept and misses are still told apart, and a replica's score is the mean of the two. Predictions come from
 * the engine model where the replica's hardware is described, otherwise from what was measured; a replica of which neither is known
 * counts as exactly at the objective.
 */
export function latencyHeadroom(objective: LatencyObjective): Scorer {
  return {
    name: 'headroom',
    category: 'balance',
    readsPrefix: true,
    score(candidates, scores) {
      const { request, replicas } = candidates;
      for (let i = 0; i < replicas.length; i++) {
        const replica = replicas[i]!;
        const cached = cachedTokens(candidates, i);
        const ttft = shareLeft(ttftOn(replica, request.promptTokens, cached), objective.ttftMs);
        const tpot = shareLeft(tpotOn(replica, request.promptTokens + request.outputTokens), objective.tpotMs);
        scores[i] = (ttft + tpot) / 2;
      }
      return request.promptTokens;
    },
  };
}

function ttftOn(replica: ReplicaView, promptTokens: Tokens, cached: Tokens): Milliseconds | undefined {
  const { forecast, latency, pendingPrefillTokens } = replica;
  if (forecast !== undefined) return forecast.ttftMs(replica, promptTokens, cached);
  return latency?.ttft(pendingPrefillTokens + promptTokens - cached);
}

function tpotOn(
  { forecast, latency, inFlight, inFlightTokens }: ReplicaView,
  tokens: Tokens,
): Milliseconds | undefined {
  return forecast === undefined ? latency?.tpotMs : forecast.iterationMs(inFlight + 1, inFlightTokens + tokens);
}

function shareLeft(predicted: Milliseconds | undefined, objective: Milliseconds): number {
  if (predicted === undefined) return 0.5;
  const left = 1 - predicted / objective;
  return left >= 0 ? 0.5 + 0.5 * left : 0.5 / (1 - left);
}
