import type { Classifier, LearnedModels, SafetyHeadName } from '#contract/learned.js';
import { AskedOnce } from './asked-once.js';
import { HazardClassifier } from './hazard-classifier.js';
import { LanguageShift, type Shifts } from './language-shift.js';
import { UNSAFE_ABOVE } from './schema.js';
import { UnveiledClassifier } from './unveiled-classifier.js';

/**
 * Nearly all French that `unsafe` was trained on is hazardous. The least shift that leaves at most 5 % of the harmless requests flagged in the first
 * half of `bench/safety/french.txt`; docs/safety.md has the figures of the second.
 */
const UNSAFE_SHIFTS: Shifts = { byLanguage: { fr: 1.25 }, threshold: UNSAFE_ABOVE };

/** One of each level for the models of a configuration, so that all who ask share what was made of a request. */
const LEVELS = new WeakMap<LearnedModels, Map<SafetyHeadName, Classifier>>();

/** A safety level as everything in Weir asks it: the trained head, shown what a text hides as well as the text. */
export function safetyClassifier(name: SafetyHeadName, learned: LearnedModels): Classifier {
  const levels = LEVELS.get(learned) ?? new Map<SafetyHeadName, Classifier>();
  LEVELS.set(learned, levels);
  const known = levels.get(name) ?? new AskedOnce(levelOf(name, learned));
  levels.set(name, known);
  return known;
}

function levelOf(name: SafetyHeadName, learned: LearnedModels): Classifier {
  if (name === 'hazard') return new HazardClassifier(safetyClassifier('unsafe', learned), learned.safety('hazard'));
  const level = new UnveiledClassifier(learned.safety(name));
  return name === 'unsafe' ? new LanguageShift(level, UNSAFE_SHIFTS) : level;
}
