import { DisaggregatedModel } from '#fleet/closed-form/disaggregated.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import type { Candidate, Slo } from './candidates.js';
import type { ReplicaKind } from './replica-kinds.js';

/** Requests that stand for a trace in this screen: the twin decides. */
const SAMPLED = 1000;
const MOST_REPLICAS = 512;

/**
 * Fleets whose prompts are computed on replicas of their own, that the closed form has within the SLO ({@link DisaggregatedModel}): for each pair
 * of kinds the fewest of each, the cheapest fleet first. The group that answers is at least as large as that which computes prompts, as vLLM's
 * connector wants it.
 *
 * @param link gigabytes of KV a second into a replica that answers.
 */
export function disaggregatedCandidates(
  requests: readonly TraceRequest[],
  kinds: readonly ReplicaKind[],
  rate: number,
  arrivalCv2: number,
  slo: Slo,
  link: number,
): readonly Candidate[] {
  const every = Math.max(1, requests.length / SAMPLED);
  const sample = Array.from(
    { length: Math.floor(requests.length / every) },
    (_, i) => requests[Math.floor(i * every)]!,
  );
  const fleets: Candidate[] = [];
  for (const prefill of kinds) {
    for (const decode of kinds) {
      if (decode.profile.tensorParallel < prefill.profile.tensorParallel) continue;
      const model = new DisaggregatedModel({
        ...{ prefill: prefill.profile, decode: decode.profile, requests: sample, rate, arrivalCv2 },
        linkBytesPerSecond: link * 1e9,
      });
      const size = model.size(slo, MOST_REPLICAS);
      if (size === undefined) continue;
      const { prefillReplicas, decodeReplicas, forecast } = size;
      const pool = {
        ...{ kind: decode, replicas: decodeReplicas, above: 0, upTo: Number.POSITIVE_INFINITY },
        forecast: { ...forecast.decode, p99TtftMs: forecast.p99TtftMs },
        prefill: { kind: prefill, replicas: prefillReplicas, link },
      };
      const usdPerHour = decodeReplicas * decode.usdPerHour + prefillReplicas * prefill.usdPerHour;
      fleets.push({ pools: [pool], usdPerHour });
    }
  }
  return fleets.sort((a, b) => a.usdPerHour - b.usdPerHour);
}
