import type { Clock } from '#contract/clock.js';
import { type LearnedModels, NO_MODELS } from '#contract/learned.js';
import type { PersonalDataFinder } from '#contract/personal-data.js';
import { AidedPersonalData } from '#models/personal-data/aided-finder.js';
import { byForm, type DefinedForms } from '#models/personal-data/defined-forms.js';
import { openPersonalData, PersonalData } from '#models/personal-data/finder.js';
import type { PrivacyConfig } from '#router/privacy-schema.js';
import type { RouterConfig } from '#router/schema.js';
import { LanguageGate } from '#router/signals/language-gate.js';
import { compiledPattern } from '#router/signals/pattern.js';

/**
 * What finds personal data as a configuration wants it: with patterns and models of its own, where it names some.
 *
 * @param previous what found it before; what that knows without models is kept while the patterns are the same.
 */
export function personalDataOf(
  { privacy }: RouterConfig,
  learned: LearnedModels | undefined,
  clock: Clock,
  previous?: PersonalDataFinder,
): PersonalDataFinder {
  const before = previous instanceof AidedPersonalData ? previous.unaided : previous;
  const unaided = (before instanceof PersonalData ? before : openPersonalData()).withForms(formsOf(privacy));
  const models = Object.entries(privacy.models).map(([name, kinds]) => ({
    name,
    kinds,
    classifier: new LanguageGate((learned ?? NO_MODELS).classifier(name)),
  }));
  return models.length === 0 ? unaided : new AidedPersonalData(unaided, models, clock);
}

/** The kinds that a configuration defines by patterns. */
function formsOf({ patterns }: PrivacyConfig): DefinedForms {
  const kinds = Object.entries(patterns);
  if (kinds.length === 0) return { key: '', detectors: [] };
  return {
    key: JSON.stringify(kinds),
    detectors: kinds.map(([kind, { pattern, case_sensitive, check }]) =>
      byForm(
        kind,
        [pattern].flat().map(source => compiledPattern(source, case_sensitive)),
        check,
      ),
    ),
  };
}
