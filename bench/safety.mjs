// How often the safety levels are right, and what they cost.
// node bench/safety.mjs DATA_FOLDER [--cache FOLDER] [--only cards,indirect,homonyms,disguise,long,conversation,speed]
//   DATA_FOLDER as scripts/models/train-safety.mjs takes it; `cards`, `indirect`, `homonyms`, `conversation` and `speed` do without it.
//   Not run unless asked for: `development`, injections by kind that nothing is trained on, but by which data and settings are chosen.
// The cards' figures are cross-fitted: each text is judged by a model that saw neither it nor its like, at a threshold fitted on other texts.
// Everything else is on texts that nothing was trained or tuned on. Intervals are Wilson's, 95 %.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { seededRandom } from '../dist/contract/random.js';
import { headFile } from '../dist/models/heads/head-cards.js';
import { readHybrid } from '../dist/models/safety/hybrid-file.js';
import { safetyClassifier } from '../dist/router/safety/classifiers.js';
import { conversationRisk } from '../dist/router/safety/conversation-risk.js';
import { childSafety } from '../dist/router/safety/rules/child-safety.js';
import { rotated } from '../dist/router/safety/rules/rot13.js';
import { INJECTION_ABOVE, JAILBREAK_ABOVE, UNSAFE_ABOVE } from '../dist/router/safety/schema.js';
import { unveil } from '../dist/router/safety/unveil.js';
import { UnveiledClassifier } from '../dist/router/safety/unveiled-classifier.js';
import { foreign, longTexts } from '../scripts/models/safety-data.mjs';
import { marked, sections } from '../scripts/models/texts.mjs';
import { help } from './support/help.mjs';
import {
  hardware,
  longText,
  openModels,
  percent,
  print,
  timed,
  told,
  WORDS,
  withInterval,
} from './support/learned.mjs';

help(import.meta.url);

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cache: { type: 'string', default: '.weir/models' },
    only: { type: 'string', default: 'cards,indirect,homonyms,disguise,long,conversation,speed' },
  },
});
const [data] = positionals;
const here = name => join(import.meta.dirname, 'safety', name);
const { host, settings, models: learned } = openModels(options.cache);
const ask = async (kind, text, of) => safetyClassifier(kind, learned).classify(text, { whenBusy: 'wait', of });
/** What a gateway would do at the defaults of `router.safety.rules`. */
const ABOVE = { jailbreak: JAILBREAK_ABOVE, injection: INJECTION_ABOVE, unsafe: UNSAFE_ABOVE };
const fires = async (kind, text) => ((await ask(kind, text)).probabilities[1] ?? 0) > ABOVE[kind];

async function share(kind, texts, judges = fires) {
  let count = 0;
  for (const text of texts) if (await judges(kind, text)) count++;
  return withInterval(count, texts.length);
}

/** `unsafe` without what is taken off for a language. */
const unshifted = new UnveiledClassifier(learned.safety('unsafe'));
const firesUnshifted = async (_, text) =>
  ((await unshifted.classify(text, { whenBusy: 'wait' })).probabilities[1] ?? 0) > ABOVE.unsafe;

function cards() {
  for (const kind of ['jailbreak', 'injection', 'unsafe', 'hazard']) {
    const head = readHybrid(headFile(kind));
    const { results, escalated, ece, duplicates, labels } = head.card;
    for (const [tier, groups] of Object.entries(results)) {
      const rows = Object.fromEntries(
        Object.entries(groups).map(([group, { texts, share: part }]) => [
          group,
          withInterval(Math.round(part * texts), texts),
        ]),
      );
      if (kind === 'jailbreak') {
        const pooled = ['notinject', 'wildguard-benign'].map(name => groups[name]);
        const attacks = ['verazuo-2023-05-07', 'self-reminder', 'gptfuzzer-template', 'giskard'].map(
          name => groups[name],
        );
        const sum = list => list.reduce((n, { texts, share: part }) => n + Math.round(part * texts), 0);
        const all = list => list.reduce((n, { texts }) => n + texts, 0);
        rows['RECALL, all jailbreaks'] = withInterval(sum(attacks), all(attacks));
        rows['FALSE POSITIVES, notinject and wildguard-benign'] = withInterval(sum(pooled), all(pooled));
      }
      print(`${kind}, ${tier}: share ${kind === 'hazard' ? 'right' : 'flagged'}; ECE ${ece[tier]}`, rows);
    }
    print(`${kind}, other`, {
      'share that the transformer reads': percent(escalated),
      'near-duplicates left out of folds': duplicates.removed,
      ...Object.fromEntries(
        Object.entries(labels).map(([name, l]) => [
          name,
          `recall ${percent(l.recall)}, precision ${percent(l.precision)}`,
        ]),
      ),
    });
  }
}

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

async function indirect() {
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
async function development() {
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

async function homonyms() {
  const texts = sections(here('homonyms.txt')).map(({ text }) => text);
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

async function disguise() {
  const texts = sections(here('indirect-payloads.txt'))
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

async function long() {
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
  const asked = sections(here('french.txt'));
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

/**
 * Traces of scores that are made up: each turn of an attack stays under the gate of 0.5; harmless talk is low, one turn in ten borderline. An attack
 * comes at one go, or with harmless turns between and behind its own.
 */
function conversation() {
  const random = seededRandom(41);
  const between = (low, high) => low + (high - low) * random.next();
  const kinds = ['vcr', 'iwp', 'prv', 'ncr'];
  const turns = (score, count) => Array.from({ length: count }, score);
  const low = () => ({ score: between(0, 0.2) });
  const borderline = () => ({ score: between(0.3, 0.5), hazard: kinds[random.below(2)] });
  const attacks = {
    'at one go': () => [...turns(low, random.below(6)), ...turns(borderline, 4 + random.below(5))],
    'between harmless turns': () =>
      turns(borderline, 4 + random.below(5)).flatMap(turn => [turn, ...turns(low, 1 + random.below(4))]),
  };
  const harmless = () =>
    turns(
      () => (random.next() < 0.1 ? { score: between(0.2, 0.45), hazard: kinds[random.below(4)] } : low()),
      3 + random.below(18),
    );
  const others = turns(harmless, 5000);
  const ways = {
    'peak, accumulation, diversity': all => conversationRisk(all).score,
    'control: exponential mean': all => all.reduce((mean, { score }) => 0.5 * mean + 0.5 * score, all[0].score),
    'control: mean': all => all.reduce((sum, { score }) => sum + score, 0) / all.length,
    'control: worst turn': all => Math.max(...all.map(({ score }) => score)),
  };
  for (const [name, attack] of Object.entries(attacks)) {
    const made = turns(attack, 5000);
    const rows = Object.entries(ways).map(([way, by]) => {
      const sorted = others.map(by).sort((x, y) => y - x);
      const gate = sorted[Math.floor(0.012 * sorted.length)];
      const found = made.filter(one => by(one) > gate).length;
      const half = made.filter(one => by(one) > 0.5).length;
      return [
        way,
        `${withInterval(found, made.length)} above ${gate.toFixed(3)}; above 0.5 ${percent(half / made.length)}`,
      ];
    });
    print(
      `made-up conversations, attacks ${name}, 5,000 of each kind: recall at 1.2 % false positives`,
      Object.fromEntries(rows),
    );
  }
}

async function speed() {
  const random = seededRandom(3);
  const text = count => Array.from({ length: count }, () => WORDS[random.below(WORDS.length)]).join(' ');
  const embedder = host.embedder('default', settings);
  await embedder.prepare();
  // In the order that the gateway asks in: the transformer is at the excerpt for `unsafe` while n-grams of sentences are counted.
  const levels = async one => Promise.all(['jailbreak', 'hazard', 'injection'].map(kind => ask(kind, one)));
  // As two rules ask, of which `hazard` asks `unsafe` first: for one request, or as if they were of two.
  const rules = async (one, of) => Promise.all(['unsafe', 'hazard'].map(kind => ask(kind, one, of)));
  for (let i = 0; i < 20; i++) await levels(text(1000));
  const questions = sections(join(import.meta.dirname, 'learned/everyday-test.txt')).map(row => row.text);
  for (const [name, made, rounds] of [
    ['30 tokens', () => text(28), 200],
    ['8,192 tokens: sentences', at => longText(questions, at), 40],
    ['8,192 tokens: words without a stop', () => text(8000), 40],
  ]) {
    const rows = { pass: [], rules: [], levels: [], child: [], apart: [], once: [] };
    for (let i = 0; i < rounds; i++) {
      const one = made(i);
      rows.pass.push(await timed(() => embedder.embed([made(i + 1000)])));
      rows.rules.push(await timed(() => unveil(one)));
      rows.child.push(await timed(() => childSafety.find(one)));
      rows.levels.push(await timed(() => levels(one)));
      // Each of a text of its own, in turns: what was read once is remembered below the levels, too.
      const [apart, once] = [made(i + 2000), made(i + 3000)];
      rows.apart.push(await timed(() => rules(apart)));
      rows.once.push(await timed(() => rules(once, {})));
    }
    print(`speed, unique texts of ${name}, one at a time`, {
      'control: a pass of the transformer': told(rows.pass),
      'L0: all disguises': told(rows.rules),
      'child safety by rules': told(rows.child),
      'L1 and L2: jailbreak, injection, unsafe and hazard': told(rows.levels),
      'control: rules unsafe and hazard, each asked apart': told(rows.apart),
      'rules unsafe and hazard, of one request': told(rows.once),
    });
  }
}

process.stdout.write(`${hardware()}\n`);
const parts = { cards, indirect, development, homonyms, disguise, long, conversation, speed };
for (const name of options.only.split(',')) await parts[name]();
await host.close();
