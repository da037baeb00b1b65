import type { Classifier, LearnedModels, SafetyHeadName } from '#contract/learned.js';
import { HazardClassifier } from './hazard-classifier.js';
import { LanguageShift, type Shifts } from './language-shift.js';
import { UNSAFE_ABOVE } from './schema.js';
import { UnveiledClassifier } from './unveiled-classifier.js';

/**
 * Nearly all French that `unsafe` was trained on is hazardous. The least shift that leaves at most 5 % of the harmless requests flagged in the first
 * half of `bench/safety/french.txt`; docs/safety.md has the figures of the second.
 */
const UNSAFE_SHIFTS: Shifts = { byLanguage: { fr: 1.25 }, threshold: UNSAFE_ABOVE };

/** A safety level as everything in Weir asks it: the trained head, shown what a text hides as well as the text. */
export function safetyClassifier(name: SafetyHeadName, learned: LearnedModels): Classifier {
  if (name === 'unsafe') return unsafeClassifier(learned);
  if (name === 'hazard') return new HazardClassifier(unsafeClassifier(learned), learned.safety('hazard'));
  return new UnveiledClassifier(learned.safety(name));
}

function unsafeClassifier(learned: LearnedModels): Classifier {
  return new LanguageShift(new UnveiledClassifier(learned.safety('unsafe')), UNSAFE_SHIFTS);
}
