// Trains the domain head: exam questions of MMLU-Pro and MMLU, and everyday questions.
// node scripts/models/train-domain.mjs MMLU_PRO.jsonl MMLU.jsonl VECTORS_FOLDER [CACHE_FOLDER]
//   MMLU_PRO.jsonl {question, category}; MMLU.jsonl {subject, prompt}
import { join } from 'node:path';
import { seededRandom } from '../../dist/contract/random.js';
import { openStaticEmbedding } from '../../dist/models/static/static-embedding.js';
import { nearDuplicates } from '../../dist/models/train/duplicates.js';
import { trainHead } from '../../dist/models/train/train-head.js';
import { embedder, jsonLines, sections, writeHead } from './texts.mjs';

/** The subjects of MMLU by the categories of MMLU-Pro. */
const SUBJECTS = {
  math: 'abstract_algebra college_mathematics elementary_mathematics high_school_mathematics high_school_statistics',
  health:
    'anatomy clinical_knowledge college_medicine human_aging medical_genetics nutrition professional_medicine virology human_sexuality',
  physics: 'astronomy college_physics conceptual_physics high_school_physics',
  business: 'business_ethics management marketing professional_accounting',
  biology: 'college_biology high_school_biology',
  chemistry: 'college_chemistry high_school_chemistry',
  'computer science': 'college_computer_science computer_security high_school_computer_science machine_learning',
  economics: 'econometrics high_school_macroeconomics high_school_microeconomics',
  engineering: 'electrical_engineering',
  philosophy: 'formal_logic logical_fallacies moral_disputes moral_scenarios philosophy world_religions',
  other:
    'global_facts miscellaneous high_school_geography us_foreign_policy security_studies sociology public_relations high_school_government_and_politics',
  history: 'high_school_european_history high_school_us_history high_school_world_history prehistory',
  law: 'international_law jurisprudence professional_law',
  psychology: 'high_school_psychology professional_psychology',
};
const CATEGORY = Object.fromEntries(
  Object.entries(SUBJECTS).flatMap(([label, names]) => names.split(' ').map(name => [name, label])),
);

const [, , pro, mmlu, vectors, cache] = process.argv;
const here = name => join(import.meta.dirname, name);
const embed = await embedder(vectors, cache);
const everydayTest = sections(here('../../bench/learned/everyday-test.txt'));
const everyday = await unlike(
  sections(here('data/everyday-train.txt')).map(row => ({ ...row, weight: 6 })),
  everydayTest,
);
/** Both are of one author, who may have had one thought twice: stricter than what is left out of the other sets. */
async function unlike(rows, others) {
  const [own, theirs] = [await embed(rows.map(row => row.text)), await embed(others.map(row => row.text))];
  const same = nearDuplicates(own, theirs, 0.85);
  process.stderr.write(`${same.size} everyday questions left out\n`);
  return rows.filter((_, at) => !same.has(at));
}

writeHead(
  await trainHead({
    kind: 'domain',
    summary: 'Field of knowledge of an English question, of the 14 categories of MMLU-Pro.',
    data: [
      {
        name: 'MMLU-Pro',
        licence: 'MIT, Apache-2.0',
        heldOut: 'tune and test',
        texts: jsonLines(pro).map(({ question, category }) => ({ text: question, label: category })),
      },
      {
        name: 'MMLU',
        licence: 'MIT',
        heldOut: 'nothing',
        texts: jsonLines(mmlu).flatMap(({ subject, prompt }) =>
          CATEGORY[subject] === undefined
            ? []
            : [{ text: prompt.replace(/\nA\. [\s\S]*$/, ''), label: CATEGORY[subject], weight: 0.5 }],
        ),
      },
      { name: 'everyday questions', licence: 'Apache-2.0, part of Weir', heldOut: 'tune', texts: everyday },
    ],
    tests: [
      {
        name: 'everyday questions, written before training',
        licence: 'Apache-2.0, part of Weir',
        heldOut: 'nothing',
        texts: everydayTest,
      },
    ],
    embedder: 'all-MiniLM-L6-v2',
    embed,
    fast: openStaticEmbedding(),
    random: seededRandom(1),
    neighbours: true,
    date: new Date().toISOString().slice(0, 10),
    failures: [
      'English only: in other languages the probabilities mean little.',
      'other is what is left over, and is often taken for business, history or health.',
      'Arithmetic in a physics, chemistry or engineering exercise is sometimes taken for mathematics, and the three for one another.',
      'Questions without context (it, this) have no domain to be found.',
    ],
    progress: message => process.stderr.write(`${message}\n`),
  }),
);
