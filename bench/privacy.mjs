// What personal data is found, and what masking loses and costs. node bench/privacy.mjs PRESIDIO.jsonl [PLAIN.jsonl …] [--config weir.yaml] [--show]
//   PRESIDIO.jsonl {text, spans: [{entity_type, start_position, end_position}]}; PLAIN.jsonl {text} that holds no structured identifiers
// With --config the models under router.privacy.models look too, and what is found without them is printed first as the control.
// The names that come with Weir were trained on one half of Presidio's texts: on that half only the rows of identifiers say anything.
import { readFileSync } from 'node:fs';
import { loadConfig } from '../dist/config/load.js';
import { machineClock } from '../dist/gateway/machine-clock.js';
import { personalDataOf } from '../dist/gateway/privacy/personal-data.js';
import { ModelHost } from '../dist/models/model-host.js';
import { openNameTagger } from '../dist/models/names/tagger-file.js';
import { PersonalData } from '../dist/models/personal-data/finder.js';
import { spanScores } from '../scripts/models/span-scores.mjs';
import { help } from './support/help.mjs';

help(import.meta.url);

const KINDS = {
  CREDIT_CARD: 'card',
  EMAIL_ADDRESS: 'email',
  IBAN_CODE: 'iban',
  IP_ADDRESS: 'ip',
  US_SSN: 'national_id',
  PHONE_NUMBER: 'phone',
  DOMAIN_NAME: 'url',
  DATE_TIME: 'date',
  PERSON: 'person',
  ORGANIZATION: 'organization',
  GPE: 'place',
  STREET_ADDRESS: 'address',
};

const given = process.argv.slice(2);
const configAt = given.indexOf('--config');
const [, configFile] = configAt < 0 ? [] : given.splice(configAt, 2);
const files = given.filter(arg => !arg.startsWith('--'));
const show = given.includes('--show');
const [presidio, ...plain] = files;
if (presidio === undefined) {
  console.error('node bench/privacy.mjs PRESIDIO.jsonl [PLAIN.jsonl …]');
  process.exit(2);
}
const lines = file =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line));

const tagger = openNameTagger();
const unaided = new PersonalData(() => tagger);
const host = new ModelHost(machineClock);
const finders = new Map([['form and tagger', unaided]]);
if (configFile !== undefined) {
  const loaded = await loadConfig(configFile);
  if (!loaded.ok) {
    console.error(`${configFile} is not valid: weir check -c ${configFile} says why`);
    process.exit(2);
  }
  const { router } = loaded.config;
  const aided = personalDataOf(router, host.configure(router.learned, router), machineClock);
  await aided.prepare?.();
  finders.set(
    `and ${[...Object.keys(router.privacy.models), ...Object.keys(router.privacy.patterns)].join(', ')}`,
    aided,
  );
}
for (const [name, finder] of finders) await measure(name, finder);
await host.close();

async function measure(name, finder) {
  const pairs = [];
  let missed = 0;
  for (const { text, spans } of lines(presidio)) {
    const gold = spans
      .filter(({ entity_type: type }) => KINDS[type] !== undefined)
      .map(({ entity_type: type, start_position: start, end_position: end }) => ({ kind: KINDS[type], start, end }));
    const reading = await finder.find(text);
    if (reading.missed !== undefined) missed++;
    pairs.push({ text, gold, found: reading.spans });
  }
  console.log(`${pairs.length} texts of ${presidio}, ${name}; not all read of ${missed}`);
  console.table(spanScores(pairs, Object.values(KINDS)));
  if (show) showDifferences(pairs);
  for (const file of plain) await measurePlain(file, finder);
}

function showDifferences(pairs) {
  for (const { text, gold, found } of pairs) {
    const of = spans =>
      spans
        .filter(({ kind }) => !['person', 'place', 'organization', 'address'].includes(kind))
        .sort((a, b) => a.start - b.start)
        .map(({ kind, start, end }) => `${kind}:${text.slice(start, end)}`)
        .join(' | ');
    if (of(gold) !== of(found))
      console.log(JSON.stringify(text.slice(0, 160)), '\n  gold ', of(gold), '\n  found', of(found));
  }
}

async function measurePlain(file, finder) {
  const texts = lines(file).map(row => row.text ?? row.question ?? row.prompt ?? row.knowledge);
  const counts = {};
  let chars = 0;
  // Another finder remembers nothing of what the first one read while it was warming up.
  for (const text of texts.slice(0, 3000)) new PersonalData(() => tagger).findNow(text);
  const begun = process.cpuUsage();
  for (const text of texts) {
    chars += text.length;
    for (const { kind } of (await finder.find(text)).spans) counts[kind] = (counts[kind] ?? 0) + 1;
  }
  const { user, system } = process.cpuUsage(begun);
  console.log(
    `${file}: ${texts.length} texts, ${((user + system) / chars).toFixed(2)} µs of CPU time a character; found`,
    counts,
  );
  if (show)
    for (const text of texts)
      for (const { kind, start, end } of (await finder.find(text)).spans)
        if (['phone', 'card', 'ip', 'national_id', 'secret', 'iban'].includes(kind))
          console.log(kind, JSON.stringify(text.slice(Math.max(0, start - 30), end + 10)));
}
