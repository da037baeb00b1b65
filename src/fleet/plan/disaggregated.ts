import { DisaggregatedModel } from '#fleet/closed-form/disaggregated.js';
import type { RequestLengths } from '#fleet/closed-form/length-mix.js';
import type { ReuseDistances } from '#workload/shape/reuse-distances.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import { cachedLengths } from './cached-lengths.js';
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
 * @param kinds with the memory behind their GPUs, on either side.
 * @param distances what prompts share; nothing unless the trace says it.
 * @param link gigabytes of KV a second into a replica that answers.
 */
export function disaggregatedCandidates(
  requests: readonly TraceRequest[],
  kinds: readonly ReplicaKind[],
  distances: ReuseDistances | undefined,
  rate: number,
  arrivalCv2: number,
  slo: Slo,
  link: number,
): readonly Candidate[] {
  const prompts = requests.map(request => ({ ...request, outputTokens: 1 }));
  const fleets: Candidate[] = [];
  for (const prefill of kinds) {
    const sample = sampled(requests, distances && cachedLengths(prompts, distances, prefill, rate));
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

/** Some of the requests, with what caches hold of them where that is known: in the order of the trace, evenly. */
function sampled(
  requests: readonly TraceRequest[],
  cached: readonly RequestLengths[] | undefined,
): readonly RequestLengths[] {
  const every = Math.max(1, requests.length / SAMPLED);
  return Array.from({ length: Math.floor(requests.length / every) }, (_, i) => {
    const at = Math.floor(i * every);
    const { promptTokens, outputTokens } = requests[at]!;
    return { ...cached?.[at], promptTokens, outputTokens };
  });
}
