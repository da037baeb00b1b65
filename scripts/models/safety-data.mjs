// Data that training and bench of the safety heads share.
import { join } from 'node:path';
import { seededRandom } from '../../dist/contract/random.js';
import { partsOf } from '../../dist/models/safety/parts.js';
import { jsonLines } from './texts.mjs';

/** Files with harmless requests: the member that holds them, and how many are taken. */
const SETS = [
  ['text/clinc150.jsonl', row => [row.text], 500],
  ['text/banking77.jsonl', row => [row.text], 300],
  ['routing/mmlu-pro-outcomes.jsonl', row => [row.question], 300],
  ['grounding/halueval-general.jsonl', row => [row.user_query], 1800],
  ['text/mt-bench.jsonl', row => row.turns, 200],
  ['tools/metatool.jsonl', row => [row.query], 400],
];

/** Requests of everyday sets that are taken for harmless, drawn the same way each time. */
export function harmless(folder) {
  const random = seededRandom(7);
  return SETS.flatMap(([file, textsOf, count]) =>
    drawn(jsonLines(join(folder, file)).flatMap(textsOf), count, random.fork(file)),
  );
}

/** Sentences of models' answers and of articles: what stands in documents. */
export function answerSentences(folder) {
  const texts = [
    ...jsonLines(join(folder, 'grounding/halueval-general.jsonl')).map(row => row.chatgpt_response),
    ...jsonLines(join(folder, 'grounding/halueval-qa.jsonl')).map(row => row.knowledge),
  ];
  const sentences = texts.flatMap(text => partsOf(text, 'sentences').map(({ start, end }) => text.slice(start, end)));
  return drawn(sentences, 1500, seededRandom(9));
}

function drawn(texts, count, random) {
  const all = [...texts];
  for (let i = all.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [all[i], all[j]] = [all[j], all[i]];
  }
  return all.slice(0, count);
}

/**
 * Long harmless texts, of 300 to 4,000 characters: models' answers, and articles. Those to train on, those to choose on (`tune`) and those to
 * test on have nothing in common.
 */
export function longTexts(folder, part) {
  const random = seededRandom(part === 'train' ? 21 : 22);
  const mine = (_, at) => (at % 2 === 0) === (part === 'train');
  const all = [
    ...jsonLines(join(folder, 'grounding/halueval-general.jsonl')).map(row => row.chatgpt_response),
    ...jsonLines(join(folder, 'grounding/halueval-qa.jsonl')).map(row => row.knowledge),
  ]
    .filter(mine)
    .reduce((made, text) => {
      const last = made.at(-1);
      if (last === undefined || last.text.length >= last.size) made.push({ text, size: 300 + random.below(3700) });
      else last.text += `\n${text}`;
      return made;
    }, [])
    .map(({ text }) => text);
  return part === 'train' ? all : all.filter((_, at) => (at % 2 === 0) === (part === 'tune'));
}

/** Pieces of a long text that are trained on beside it: the beginning, and one from anywhere. */
export function windowsOf(text, random) {
  if (text.length < 900) return [];
  const at = random.below(text.length - 600);
  return [text.slice(0, 600), text.slice(at, at + 600)];
}

/** Harmless sentences in other languages than English, half of the French ones among them: without these, French would be taken for a hazard. */
export function foreign(folder, part) {
  const mine = (_, at) => (at % 2 === 0) === (part === 'train');
  const rows = jsonLines(join(folder, 'text/language-sentences.jsonl'));
  const french = rows.filter(({ lang }) => lang === 'fr' || lang === 'fra' || lang === 'french').filter(mine);
  const others = rows.filter(({ lang }) => ['de', 'es', 'it', 'pt', 'nl'].includes(lang)).filter(mine);
  return [...french, ...(part === 'train' ? others.slice(0, 60) : [])].map(({ text }) => text);
}

/** The four kinds of specialised advice are one group. */
export const hazardLabel = hazard => (hazard.startsWith('spc') ? 'spc' : hazard);
