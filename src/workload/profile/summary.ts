import type { WorkloadProfile } from '#contract/profile.js';
import type { ProfileSummary } from '#contract/record.js';

/** A profile as plain data, with all that the record shows of it computed; prompt tokens as `model` counts them, when given. */
export function summarise(profile: WorkloadProfile, model?: string): ProfileSummary {
  const { p50, p75 } = profile.outputTokens;
  return {
    archetype: profile.archetype,
    turn: profile.turn,
    warmth: profile.warmth,
    heaviness: profile.heaviness,
    modality: profile.modality,
    session: profile.session,
    application: profile.application,
    promptTokens: profile.promptTokens(model),
    outputTokens: { p50, p75 },
  };
}
