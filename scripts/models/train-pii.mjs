// Trains the tagger of names. node scripts/models/train-pii.mjs FOLDER_WITH_FAKER PRESIDIO.jsonl PLAIN.jsonl TECHNICAL.jsonl [--folds|--final]
//   PLAIN.jsonl: {text} without names of people (CLINC150). TECHNICAL.jsonl: {question} (MMLU-Pro), of which sentences without a listed name serve.
// Folds are by Presidio's templates: no sentence of a test is known but for its names.
import { readFileSync, writeFileSync } from 'node:fs';
import { seededRandom } from '../../dist/contract/random.js';
import { Gazetteer } from '../../dist/models/names/gazetteer.js';
import { NAME_KINDS, NameTagger } from '../../dist/models/names/tagger.js';
import { packed } from '../../dist/models/names/tagger-file.js';
import { trainTagger } from '../../dist/models/names/train-tagger.js';
import { fakerLocales } from './faker-names.mjs';
import { nameMaker } from './made-names.mjs';
import { filled, presidio, renamed } from './pii-texts.mjs';
import { spanScores } from './span-scores.mjs';
import { jsonLines } from './texts.mjs';

const [, , faker, file, plainFile, technicalFile, only] = process.argv;
const FOLDS = 5;
const locales = fakerLocales(faker);
const lists = new Gazetteer(readFileSync('assets/pii/gazetteer.txt', 'utf8'));
const lines = name =>
  readFileSync(new URL(`data/${name}`, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');
const templates = lines('pii-templates.txt');

/** Sentences with capitals, signs and formulas in which no word that begins with a capital is on a list of names. */
function technical(questions) {
  const sentences = questions
    .filter((_, at) => at % 8 === 0)
    .flatMap(({ question }) => question.split(/(?<=[.?!])\s+|\n/))
    .filter(sentence => sentence.length > 20 && sentence.length < 300 && !/\b(?:Mr|Mrs|Ms|Dr)\b/.test(sentence));
  return sentences
    .filter(sentence => {
      const inside = sentence.slice(1).match(/\p{Lu}[\p{L}'-]*/gu) ?? [];
      return inside.every(word => word.length < 2 || lists.flags(word.toLowerCase()) === '-');
    })
    .map(text => ({ text, spans: [] }));
}

const plain = [
  ...lines('pii-plain.txt').flatMap(text => Array(8).fill({ text, spans: [] })),
  ...jsonLines(plainFile)
    .filter((_, at) => at % 15 === 0)
    .map(({ text }) => ({ text, spans: [] })),
  ...technical(jsonLines(technicalFile)),
];
const rows = presidio(file);

function trained(known) {
  const random = seededRandom(7);
  const maker = nameMaker(locales, random);
  const texts = [
    ...known.flatMap(row => [row, ...Array.from({ length: 8 }, () => renamed(row, maker))]),
    ...templates.flatMap(template => Array.from({ length: 25 }, () => filled(template, maker))),
    ...plain,
  ];
  return { weights: trainTagger(texts, lists, random), texts: texts.length };
}

const pairs = [];
for (let fold = 0; only !== '--final' && fold < FOLDS; fold++) {
  const { weights } = trained(rows.filter(({ template }) => template % FOLDS !== fold));
  const tagger = new NameTagger(weights, lists);
  for (const row of rows.filter(({ template }) => template % FOLDS === fold)) {
    pairs.push({ text: row.text, gold: row.spans, found: tagger.find(row.text) });
  }
}
if (pairs.length > 0) console.table(spanScores(pairs, NAME_KINDS));
if (only !== '--folds') {
  const { weights, texts } = trained(rows);
  writeFileSync('assets/pii/names.bin', packed(weights));
  console.log(`${texts} texts, written`);
}
