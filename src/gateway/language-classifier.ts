import { type Classifier, NO_MODELS, type Verdict } from '#contract/learned.js';
import type { SignalValue } from '#contract/signal.js';
import { readChat } from '#protocols/openai/chat-request.js';
import { language } from '#router/signals/language.js';
import { LANGUAGES } from '#router/signals/language-codes.js';
import { createProfiler } from '#workload/profile/profiler.js';
import { machineClock } from './machine-clock.js';

const HERE = { address: '127.0.0.1', headers: {} };

/** The `language` signal as a classifier of bare texts, its score a probability already. */
export function languageClassifier(): Classifier {
  const signal = language.build('language', language.schema.parse({}), { clock: machineClock, learned: NO_MODELS });
  const profiler = createProfiler({ sessionHeaders: [], charsPerToken: 4 });
  return {
    labels: LANGUAGES,
    prepare: async () => signal.prepare?.(),
    classify(text) {
      const asked = { model: 'auto', messages: [{ role: 'user', content: text }] };
      const request = readChat(asked, { id: 'language', arrivedAt: machineClock.now(), caller: HERE });
      const value = signal.evaluate({ request, profile: profiler.profile(request) });
      return value instanceof Promise ? value.then(verdictOf) : verdictOf(value);
    },
  };
}

function verdictOf({ state, score, label, evidence }: SignalValue): Verdict {
  const best = label === undefined ? -1 : LANGUAGES.indexOf(label);
  const probabilities = Float32Array.from(LANGUAGES, (_, at) => (at === best ? score : 0));
  const sure = state !== 'unknown' && best >= 0;
  return { probabilities, best, sure, tier: 'fast', ...(!sure && evidence !== undefined && { reason: evidence }) };
}
