// How well answers that go beyond their context are told from others. node bench/grounding.mjs HALUEVAL_QA.jsonl [--shipped]
// Five folds by row, trained anew for each; with --shipped the head that comes with Weir, for rows that it was not trained on. No feature knows
// an answer's length. Controls: length alone, new words alone, and right and wrong answers of the same form.
import { readFileSync } from 'node:fs';
import { seededRandom } from '../dist/contract/random.js';
import { openGroundingHead } from '../dist/models/grounding/grounding-head.js';
import { examplesOf, probability, trainedOn } from '../scripts/models/train-grounding.mjs';
import { help } from './support/help.mjs';

help(import.meta.url);

const file = process.argv[2];
if (file === undefined) {
  console.error('node bench/grounding.mjs HALUEVAL_QA.jsonl [--shipped]');
  process.exit(2);
}
const rows = readFileSync(file, 'utf8')
  .trimEnd()
  .split('\n')
  .map(line => JSON.parse(line));
const examples = examplesOf(rows);
const FOLDS = 5;

/** Chance that a random ungrounded claim scores above a random grounded one; ties count half. */
function auroc(scored) {
  const ranked = [...scored].sort((a, b) => a.score - b.score);
  let sum = 0;
  let positives = 0;
  for (let at = 0; at < ranked.length; ) {
    let end = at;
    while (end < ranked.length && ranked[end].score === ranked[at].score) end++;
    for (const { label } of ranked.slice(at, end)) {
      if (label === 0) continue;
      positives++;
      sum += (at + end + 1) / 2;
    }
    at = end;
  }
  return (sum - (positives * (positives + 1)) / 2) / (positives * (ranked.length - positives));
}

/** With a 95 % interval by 1,000 samples of rows with replacement. */
function withInterval(scored) {
  const byRow = grouped(scored);
  const keys = [...byRow.keys()];
  const random = seededRandom(1);
  const values = Array.from({ length: 1000 }, () =>
    auroc(keys.flatMap(() => byRow.get(keys[random.below(keys.length)]))),
  ).sort((a, b) => a - b);
  return `${auroc(scored).toFixed(3)} (${values[25].toFixed(3)} to ${values[974].toFixed(3)})`;
}

function grouped(scored) {
  const map = new Map();
  for (const one of scored) map.set(one.row, [...(map.get(one.row) ?? []), one]);
  return map;
}

const shipped = process.argv.includes('--shipped');
const scored = [];
for (let fold = 0; fold < FOLDS; fold++) {
  const head = shipped ? openGroundingHead() : trainedOn(examples.filter(({ row }) => row % FOLDS !== fold));
  for (const one of examples.filter(({ row }) => row % FOLDS === fold)) {
    const score = probability(head, one.features);
    scored.push({
      row: one.row,
      form: one.form,
      label: one.label,
      score,
      flagged: score >= head.threshold,
      claim: one.claim,
      novel: one.features?.[0] ?? 0,
    });
  }
}
const percent = (part, all) => `${((100 * part) / all).toFixed(1)} %`;
const table = {};
for (const form of ['halueval', 'bare', 'in a sentence', 'whole sentences']) {
  const of = scored.filter(one => one.form === form);
  const wrong = of.filter(({ label }) => label === 1);
  const right = of.filter(({ label }) => label === 0);
  table[form] = {
    claims: of.length,
    auroc: withInterval(of),
    'new words alone': withInterval(of.map(one => ({ ...one, score: one.novel }))),
    'length alone': withInterval(of.map(one => ({ ...one, score: one.claim.length }))),
    'ungrounded flagged': percent(wrong.filter(({ flagged }) => flagged).length, wrong.length),
    'grounded flagged': percent(right.filter(({ flagged }) => flagged).length, right.length),
  };
}
console.log(`${rows.length} rows of ${file}${shipped ? ', the head that comes with Weir' : `, ${FOLDS} folds by row`}`);
console.table(table);
const begun = performance.now();
let count = 0;
for (let turn = 0; turn < 3; turn++) count += examplesOf(rows).length;
console.log(
  `${((performance.now() - begun) / count).toFixed(3)} ms to take a context apart and hold a claim against it`,
);
