import type { Clock } from '#contract/clock.js';
import { type LearnedModels, NO_MODELS } from '#contract/learned.js';
import type { PersonalDataFinder } from '#contract/personal-data.js';
import { AidedPersonalData } from '#models/personal-data/aided-finder.js';
import { openPersonalData } from '#models/personal-data/finder.js';
import type { RouterConfig } from '#router/schema.js';
import { LanguageGate } from '#router/signals/language-gate.js';

/**
 * What finds personal data as a configuration wants it: with models of its own, where it names some.
 *
 * @param previous what found it before; what that knows without models is kept.
 */
export function personalDataOf(
  { privacy }: RouterConfig,
  learned: LearnedModels | undefined,
  clock: Clock,
  previous?: PersonalDataFinder,
): PersonalDataFinder {
  const unaided = previous instanceof AidedPersonalData ? previous.unaided : (previous ?? openPersonalData());
  const models = Object.entries(privacy.models).map(([name, kinds]) => ({
    name,
    kinds,
    classifier: new LanguageGate((learned ?? NO_MODELS).classifier(name)),
  }));
  return models.length === 0 ? unaided : new AidedPersonalData(unaided, models, clock);
}
