import type { Classifier, HeadName, LearnedModels } from '#contract/learned.js';
import { LanguageGate } from './language-gate.js';
import { RuledHead } from './modality/ruled-head.js';

/** A trained head as the command line and the API ask it: silent in languages that it does not know, where no rules speak beside it. */
export function headClassifier(name: HeadName, learned: LearnedModels): Classifier {
  const gated = new LanguageGate(learned.head(name));
  return name === 'modality' ? new RuledHead(gated) : gated;
}
