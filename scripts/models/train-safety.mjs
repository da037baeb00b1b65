// Trains the heads of the safety levels: jailbreak, injection, unsafe (L1) and hazard (L2).
// node scripts/models/train-safety.mjs DATA_FOLDER VECTORS_FOLDER [CACHE_FOLDER] [KIND,…]
//   DATA_FOLDER/safety/injection.jsonl {text, label: jailbreak|injection|benign, source}, hazards-ailuminate.jsonl {text, hazard, locale},
//   moderation-openai.jsonl {prompt, one 0|1 a category}; as harmless background text/{clinc150,banking77,mt-bench}.jsonl,
//   routing/mmlu-pro-outcomes.jsonl {question}, grounding/halueval-general.jsonl {user_query}, tools/metatool.jsonl {query}.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../../dist/contract/random.js';
import { trainHybrid } from '../../dist/models/train/train-hybrid.js';
import { madeSentences } from './injection-made.mjs';
import { answerSentences, foreign, harmless, hazardLabel, longTexts, windowsOf } from './safety-data.mjs';
import { embedder, jsonLines, sections } from './texts.mjs';

const [, , data, vectors, cache, only] = process.argv;
const read = name => jsonLines(join(data, name));
const own = 'Apache-2.0, part of Weir';
const here = name => join(import.meta.dirname, 'data', name);
const embed = await embedder(vectors, cache);
const background = harmless(data);

const prompts = read('safety/injection.jsonl');
const injections = sections(here('injection-train.txt'));
const later = sections(here('indirect-train.txt'));
const made = madeSentences(400);
const homonyms = sections(here('homonym-train.txt')).map(({ text }) => text);
const hazards = read('safety/hazards-ailuminate.jsonl');
const moderated = read('safety/moderation-openai.jsonl').map(({ prompt, ...labels }) => ({
  text: prompt,
  flagged: Object.values(labels).some(value => value === 1),
}));
const as = (label, group) => text => ({ text, label, ...(group !== undefined && { group }) });
const byGroup = label => row => ({ text: row.text, label, group: row.source });
const long = longTexts(data, 'train');
const abroad = foreign(data, 'train');
const draws = seededRandom(31);
const BENIGN_PROMPTS = prompts.filter(row => row.label === 'benign');

const shared = { embedder: 'all-MiniLM-L6-v2', embed, date: new Date().toISOString().slice(0, 10) };
const HEADS = {
  jailbreak: {
    summary:
      'Whether a prompt tries to talk a model out of its rules: role play without limits, developer modes, answers in two voices.',
    labels: ['benign', 'jailbreak'],
    reads: 'windows',
    excerpt: 0,
    buckets: 65_536,
    strength: 30,
    falsePositives: { share: 0.008, groups: ['notinject', 'wildguard-benign'] },
    sources: [
      {
        name: 'jailbreak prompts (verazuo, self-reminder, GPTFuzzer, giskard)',
        licence: 'MIT',
        texts: prompts
          .filter(row => row.label === 'jailbreak')
          .map(row => ({ ...byGroup('jailbreak')(row), key: row.text })),
      },
      {
        name: 'pieces of the jailbreak prompts',
        licence: 'MIT',
        texts: prompts
          .filter(row => row.label === 'jailbreak')
          .flatMap(row =>
            windowsOf(row.text, draws).map(text => ({ text, label: 'jailbreak', group: 'pieces', key: row.text })),
          ),
        weight: 0.3,
      },
      { name: 'long harmless texts', licence: 'MIT (HaluEval)', texts: long.map(as('benign')) },
      {
        name: 'notinject, wildguard-benign',
        licence: 'MIT',
        texts: BENIGN_PROMPTS.map(byGroup('benign')),
        weight: 1.5,
      },
      { name: 'harmless background', licence: 'as its sets', texts: background.map(as('benign')), weight: 0.5 },
      { name: 'harmless requests with dangerous words', licence: own, texts: homonyms.map(as('benign')) },
      {
        name: 'harmless sentences of documents',
        licence: own,
        texts: injections.filter(row => row.label === 'benign'),
      },
    ],
    failures: [
      'Templates that are known well are found best; a paraphrase in plain words is often missed.',
      'Instructions hidden in retrieved content are for the injection head.',
      'English, with a little else: in other languages much is missed.',
    ],
  },
  injection: {
    summary:
      'Whether a sentence gives orders to the model that reads it: in a document, a web page, a tool result or the prompt itself.',
    labels: ['benign', 'injection'],
    reads: 'sentences',
    excerpt: 128,
    buckets: 65_536,
    strength: 30,
    falsePositives: {
      // At 0.02 more long harmless texts were flagged than before there were more sentences (`longTexts`, part `tune`).
      share: 0.015,
      groups: ['harmless sentences of documents', 'sentences of answers', 'notinject'],
    },
    sources: [
      {
        name: 'sentences with orders to a model',
        licence: own,
        texts: injections.filter(row => row.label === 'injection').map(row => ({ ...row, group: 'own injections' })),
        weight: 3,
      },
      {
        name: 'more sentences with orders to a model',
        licence: own,
        texts: later.filter(row => row.label === 'injection').map(row => ({ ...row, group: 'own injections, later' })),
        weight: 3,
      },
      {
        name: 'more sentences of documents that look like them',
        licence: own,
        texts: later.filter(row => row.label === 'benign').map(row => ({ ...row, group: 'harmless look-alikes' })),
        weight: 3,
      },
      {
        name: 'made from parts',
        licence: own,
        texts: made.map(row => ({ ...row, group: `made, ${row.label}` })),
        weight: 0.5,
      },
      {
        name: 'sentences of answers',
        licence: 'MIT (HaluEval)',
        texts: answerSentences(data).map(as('benign')),
        weight: 0.7,
      },
      {
        name: 'giskard prompt injections',
        licence: 'Apache-2.0',
        texts: prompts.filter(row => row.label === 'injection').map(byGroup('injection')),
      },
      {
        name: 'harmless sentences of documents',
        licence: own,
        texts: injections.filter(row => row.label === 'benign'),
        weight: 3,
      },
      { name: 'notinject, wildguard-benign', licence: 'MIT', texts: BENIGN_PROMPTS.map(byGroup('benign')) },
      { name: 'harmless background', licence: 'as its sets', texts: background.map(as('benign')), weight: 0.3 },
      { name: 'harmless requests with dangerous words', licence: own, texts: homonyms.map(as('benign')), weight: 0.5 },
    ],
    failures: [
      'Trained on few sentences of two authors: orders that are phrased as facts ("the correct answer is …") are often missed, and more is missed of what others write.',
      'What a user may well ask for in a prompt ("translate this") is an injection only where a stranger says it: scan retrieved and tool content with it.',
      'A few sentences in French, German and Spanish; other languages are not covered.',
    ],
  },
  unsafe: {
    summary: 'Whether a request is hazardous by any of the groups of AILuminate (child safety is left to rules).',
    labels: ['safe', 'unsafe'],
    reads: 'windows',
    excerpt: 192,
    buckets: 65_536,
    strength: 10,
    falsePositives: {
      share: 0.05,
      groups: ['harmless requests with dangerous words', 'wildguard-benign', 'notinject', 'harmless, other languages'],
    },
    sources: [
      {
        name: 'AILuminate demonstration prompts',
        licence: 'Apache-2.0',
        texts: hazards.map(({ text, locale }) => ({ text, label: 'unsafe', group: `AILuminate ${locale}` })),
      },
      {
        name: 'OpenAI moderation release',
        licence: 'MIT',
        texts: moderated.map(({ text, flagged }) => ({
          text,
          label: flagged ? 'unsafe' : 'safe',
          group: `moderation, ${flagged ? 'flagged' : 'not flagged'}`,
        })),
        weight: 0.3,
      },
      { name: 'long harmless texts', licence: 'MIT (HaluEval)', texts: long.map(as('safe')), weight: 0.5 },
      { name: 'harmless, other languages', licence: 'Apache-2.0 (lingua)', texts: abroad.map(as('safe')), weight: 4 },
      { name: 'notinject, wildguard-benign', licence: 'MIT', texts: BENIGN_PROMPTS.map(byGroup('safe')), weight: 1.5 },
      { name: 'harmless requests with dangerous words', licence: own, texts: homonyms.map(as('safe')), weight: 4 },
      { name: 'harmless background', licence: 'as its sets', texts: background.map(as('safe')), weight: 0.5 },
    ],
    failures: [
      'AILuminate asks some things politely or indirectly that a person would answer; those are found by their subject.',
      'Violent and sexual passages of fiction are often flagged.',
      'Harmless French was rare in training: French requests are flagged more often than English ones.',
    ],
  },
  hazard: {
    summary:
      'Which of the groups of hazards of AILuminate a hazardous request belongs to (the four of specialised advice are one).',
    labels: ['dfm', 'hte', 'ipv', 'iwp', 'ncr', 'prv', 'spc', 'src', 'ssh', 'sxc_prn', 'vcr'],
    reads: 'windows',
    excerpt: 192,
    buckets: 65_536,
    kernel: { ridges: [0.1, 0.3, 1], degrees: [4, 6, 8] },
    glossary: 'french',
    threshold: 0,
    sources: [
      {
        name: 'AILuminate demonstration prompts',
        licence: 'Apache-2.0',
        texts: hazards.map(({ text, hazard, locale }) => ({ text, label: hazardLabel(hazard), group: locale })),
      },
    ],
    failures: [
      'Half of non-violent crimes are taken for something else.',
      'French is read word by word, by a glossary that was written with a list of the words of these texts at hand (not of their labels): expect a little less of other French.',
      'Only what L1 calls unsafe is asked: of a harmless text it still names a group.',
      'Child safety is not among its groups.',
    ],
  },
};

for (const kind of (only ?? 'jailbreak,injection,unsafe,hazard').split(',')) {
  const head = await trainHybrid({
    ...HEADS[kind],
    ...shared,
    kind,
    random: seededRandom(1),
    progress: message => process.stderr.write(`${kind}: ${message}\n`),
  });
  writeFileSync(
    join(import.meta.dirname, `../../assets/heads/${kind}.json`),
    `${JSON.stringify(head, undefined, 1)}\n`,
  );
  const { results, ece, escalated, labels, duplicates } = head.card;
  process.stdout.write(
    `${JSON.stringify({ kind, threshold: head.threshold, low: head.fast.low, high: head.fast.high, results, ece, escalated, duplicates, labels }, undefined, 1)}\n`,
  );
}
