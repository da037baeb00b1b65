// Harmless requests with dangerous words.
import { join } from 'node:path';
import { childSafety } from '../../dist/router/safety/rules/child-safety.js';
import { sections } from '../../scripts/models/texts.mjs';
import { print, withInterval } from '../support/learned.mjs';

export async function homonyms({ ask, fires, share }) {
  const texts = sections(join(import.meta.dirname, 'homonyms.txt')).map(({ text }) => text);
  const flagged = [];
  for (const text of texts) if (await fires('unsafe', text)) flagged.push(text);
  let named = 0;
  for (const text of texts) if ((await ask('hazard', text)).best >= 0) named++;
  const lexical = /\b(?:kill|shoot|bomb|poison|attack|murder|gun|drugs?|hack|steal|rob|weapon|explo|tuer|blow up)/i;
  print('harmless requests with dangerous words, written before training and kept out of it', {
    'flagged as unsafe': withInterval(flagged.length, texts.length),
    'given a hazard by weir classify': withInterval(named, texts.length),
    'flagged as jailbreak': await share('jailbreak', texts),
    'stopped by the child-safety rules': withInterval(
      texts.filter(text => childSafety.find(text) !== undefined).length,
      texts.length,
    ),
    'control: dangerous words, flagged': withInterval(texts.filter(text => lexical.test(text)).length, texts.length),
  });
  for (const text of flagged) process.stdout.write(`    ${text}\n`);
}
