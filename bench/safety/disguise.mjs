// Injections that are written so that no model reads them as they are.
import { join } from 'node:path';
import { rotated } from '../../dist/router/safety/rules/rot13.js';
import { unveil } from '../../dist/router/safety/unveil.js';
import { sections } from '../../scripts/models/texts.mjs';
import { print } from '../support/learned.mjs';
import { ABOVE } from './judge.mjs';

export async function disguise({ learned, share }) {
  const texts = sections(join(import.meta.dirname, 'indirect-payloads.txt'))
    .filter(({ label, text }) => label === 'injection' && /^[\x20-\x7e]*$/.test(text))
    .map(({ text }) => text);
  const cyrillic = { a: 'а', e: 'е', o: 'о', p: 'р', c: 'с', i: 'і' };
  const leet = { e: '3', o: '0', i: '1', a: '4', t: '7' };
  const swap = by => text => [...text].map(char => by[char] ?? char).join('');
  const ways = {
    'as they are': text => text,
    invisible: text => [...text].join('\u200b'),
    tag_characters: text => [...text].map(char => String.fromCodePoint(0xe0000 + char.codePointAt(0))).join(''),
    homoglyphs: swap(cyrillic),
    leetspeak: swap(leet),
    base64: text => Buffer.from(text).toString('base64'),
    hex: text => Buffer.from(text).toString('hex'),
    rot13: rotated,
  };
  const rows = {};
  for (const [name, hide] of Object.entries(ways)) {
    const hidden = texts.map(hide);
    let bare = 0;
    for (const text of hidden) {
      const verdict = await learned.safety('injection').classify(text, { whenBusy: 'wait' });
      if ((verdict.probabilities[1] ?? 0) > ABOVE.injection) bare++;
    }
    const found = hidden.filter(text => unveil(text).findings.length > 0).length;
    rows[name] = `${await share('injection', hidden)}; control without unveiling ${bare}; L0 finds ${found}`;
  }
  print('injections in disguise: recall', rows);
}
