import type { WorkloadProfile } from '#contract/profile.js';
import { profileOfShorter } from '#workload/profile/trace-profile.js';
import type { TraceRequest } from '#workload/traces/trace.js';

/** A request of a trace with some of its prompt left out. */
export interface Shorter {
  readonly traced: TraceRequest;
  readonly profile: WorkloadProfile;
}

/** A request whose prompt is shorter by a factor. What is left shares no prefix with any other: sentences are gone from its middle. */
export function shorterBy(gamma: number, whole: TraceRequest, profile: WorkloadProfile): Shorter {
  const promptTokens = Math.max(1, Math.floor(whole.promptTokens / gamma));
  const traced = { ...whole, promptTokens, prefix: { hashes: [], blockTokens: whole.prefix.blockTokens } };
  return { traced, profile: profileOfShorter(profile, traced) };
}
