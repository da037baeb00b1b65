import type { Classifier, LearnedModels, SafetyHeadName } from '#contract/learned.js';
import { HazardClassifier } from './hazard-classifier.js';
import { UnveiledClassifier } from './unveiled-classifier.js';

/** A safety level as everything in Weir asks it: the trained head, shown what a text hides as well as the text. */
export function safetyClassifier(name: SafetyHeadName, learned: LearnedModels): Classifier {
  if (name !== 'hazard') return new UnveiledClassifier(learned.safety(name));
  return new HazardClassifier(new UnveiledClassifier(learned.safety('unsafe')), learned.safety('hazard'));
}
