// Harmless texts that are long or French.
import { join } from 'node:path';
import { UnveiledClassifier } from '../../dist/router/safety/unveiled-classifier.js';
import { foreign, longTexts } from '../../scripts/models/safety-data.mjs';
import { sections } from '../../scripts/models/texts.mjs';
import { print } from '../support/learned.mjs';
import { ABOVE } from './judge.mjs';

/** @param data folder of texts, as scripts/models/train-safety.mjs takes it. */
export async function long({ learned, share }, data) {
  // `unsafe` without what is taken off for a language.
  const unshifted = new UnveiledClassifier(learned.safety('unsafe'));
  const firesUnshifted = async (_, text) =>
    ((await unshifted.classify(text, { whenBusy: 'wait' })).probabilities[1] ?? 0) > ABOVE.unsafe;
  const texts = longTexts(data, 'test');
  const mean = Math.round(texts.reduce((sum, { length }) => sum + length, 0) / texts.length);
  print(`long harmless texts that nothing was trained on (${mean} characters on average)`, {
    'flagged as jailbreak': await share('jailbreak', texts),
    'flagged as unsafe': await share('unsafe', texts),
    'flagged as injection': await share('injection', texts),
  });
  const french = foreign(data, 'test');
  print('harmless French sentences that nothing was trained on', {
    'flagged as jailbreak': await share('jailbreak', french),
    'flagged as unsafe': await share('unsafe', french),
    'control: as unsafe, without the shift for French': await share('unsafe', french, firesUnshifted),
    'flagged as injection': await share('injection', french),
  });
  const asked = sections(join(import.meta.dirname, 'french.txt'));
  // Every first of two was looked at when the shift was chosen.
  const second = label =>
    asked.filter(row => row.label === label).flatMap(({ text }, at) => (at % 2 === 1 ? [text] : []));
  const rows = {};
  for (const [name, label] of Object.entries({
    'harmless, everyday': 'safe',
    'harmless, with dangerous words': 'dangerous words',
    'unsafe (recall)': 'unsafe',
  })) {
    rows[name] = await share('unsafe', second(label));
    rows[`${name}; control: without the shift`] = await share('unsafe', second(label), firesUnshifted);
  }
  print(
    'requests in French written before anything was measured, the half that nothing was chosen by; flagged as unsafe',
    rows,
  );
  const ten = texts.reduce((made, text, at) => {
    if (at % 8 === 0) made.push('');
    made[made.length - 1] += `${text}\n`;
    return made;
  }, []);
  print('eight of them together', {
    'flagged as jailbreak': await share('jailbreak', ten),
    'flagged as injection': await share('injection', ten),
  });
}
