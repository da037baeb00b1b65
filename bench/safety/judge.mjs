// The judges of the benches of safety: what a gateway would do at its defaults.
import { safetyClassifier } from '../../dist/router/safety/classifiers.js';
import { INJECTION_ABOVE, JAILBREAK_ABOVE, UNSAFE_ABOVE } from '../../dist/router/safety/schema.js';
import { openModels, withInterval } from '../support/learned.mjs';

/** What a gateway would do at the defaults of `router.safety.rules`. */
export const ABOVE = { jailbreak: JAILBREAK_ABOVE, injection: INJECTION_ABOVE, unsafe: UNSAFE_ABOVE };

/** Judges over the models that stand in a cache folder; to be closed by `host`. */
export function openJudge(cache) {
  const { host, settings, models: learned } = openModels(cache);
  const ask = async (kind, text, of) => safetyClassifier(kind, learned).classify(text, { whenBusy: 'wait', of });
  const fires = async (kind, text) => ((await ask(kind, text)).probabilities[1] ?? 0) > ABOVE[kind];

  async function share(kind, texts, judges = fires) {
    let count = 0;
    for (const text of texts) if (await judges(kind, text)) count++;
    return withInterval(count, texts.length);
  }
  return { host, settings, learned, ask, fires, share };
}
