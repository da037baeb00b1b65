import { bm25 } from './bm25.js';
import { classifier } from './classifier.js';
import { complexity } from './complexity.js';
import { context } from './context.js';
import { conversation } from './conversation.js';
import { disguise } from './disguise.js';
import { domain } from './domain.js';
import { event } from './event.js';
import { factual } from './factual.js';
import { feedback } from './feedback.js';
import { fuzzy } from './fuzzy.js';
import { hazard } from './hazard.js';
import { injection } from './injection.js';
import { jailbreak } from './jailbreak.js';
import { keyword } from './keyword.js';
import { knowledge } from './knowledge.js';
import { language } from './language.js';
import { metadata } from './metadata.js';
import { modality } from './modality.js';
import { ngram } from './ngram.js';
import { pii } from './pii.js';
import { preference } from './preference.js';
import { reask } from './reask.js';
import { route } from './route.js';
import type { SignalType } from './signal-type.js';
import { structure } from './structure.js';
import { time } from './time.js';
import { unsafe } from './unsafe.js';
import { workload } from './workload.js';

/** Every kind of signal there is. A new one is a file of its own and a line here. */
export const SIGNAL_TYPES: readonly SignalType[] = [
  keyword,
  bm25,
  ngram,
  fuzzy,
  context,
  structure,
  conversation,
  reask,
  modality,
  workload,
  metadata,
  event,
  time,
  language,
  pii,
  domain,
  complexity,
  factual,
  feedback,
  route,
  preference,
  knowledge,
  classifier,
  jailbreak,
  injection,
  unsafe,
  hazard,
  disguise,
];
