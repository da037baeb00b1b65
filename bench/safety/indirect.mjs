// Injections in content that a model is given to read.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { marked } from '../../scripts/models/texts.mjs';
import { print, withInterval } from '../support/learned.mjs';

const here = name => join(import.meta.dirname, name);

/** Sentences of a file, each in three of the carriers of another: `{ text, kind }` of a label, and the carriers without any. */
function placedIn(payloads, carriersFile, steps) {
  const rows = marked(here(payloads));
  const carriers = readFileSync(here(carriersFile), 'utf8')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => line.replaceAll('\\n', '\n'));
  return {
    of: label =>
      rows
        .filter(row => row.label === label)
        .flatMap(({ text, mark }, at) =>
          steps.map(step => ({ text: carriers[(at + step) % carriers.length].replace('{}', text), kind: mark })),
        ),
    bare: carriers.map(text => text.replace('{}', '')),
  };
}

const textsOf = rows => rows.map(({ text }) => text);

export async function indirect({ share }) {
  const { of, bare } = placedIn('indirect-payloads.txt', 'indirect-carriers.txt', [0, 7, 15]);
  const [attacks, harmless] = [textsOf(of('injection')), textsOf(of('benign'))];
  const lexical =
    /\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instructions?|guidelines?|prompt|rules|task)\b|system prompt/i;
  print('indirect injections, written before training and kept out of it', {
    recall: await share('injection', attacks),
    'harmless sentences in the same places, flagged': await share('injection', harmless),
    'the content without either, flagged': await share('injection', bare),
    'control: well-known words, recall': withInterval(
      attacks.filter(text => lexical.test(text)).length,
      attacks.length,
    ),
    'control: well-known words, harmless flagged': withInterval(
      harmless.filter(text => lexical.test(text)).length,
      harmless.length,
    ),
    'control: the jailbreak head on the same, recall': await share('jailbreak', attacks),
  });
}

/** By kind, on sentences that the head's data and settings are chosen by. */
export async function development({ share }) {
  const { of, bare } = placedIn('indirect-development.txt', 'development-carriers.txt', [0, 3, 5]);
  for (const [label, title] of [
    ['injection', 'recall'],
    ['benign', 'harmless sentences in the same places, flagged'],
  ]) {
    const rows = of(label);
    const shares = { all: await share('injection', textsOf(rows)) };
    for (const kind of new Set(rows.map(row => row.kind))) {
      shares[kind] = await share('injection', textsOf(rows.filter(row => row.kind === kind)));
    }
    print(`indirect injections to develop by: ${title}`, shares);
  }
  print('indirect injections to develop by', {
    'the content without either, flagged': await share('injection', bare),
  });
}
