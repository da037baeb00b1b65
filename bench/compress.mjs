/**
 * What compressing a prompt loses: questions whose answer stands in one of many passages, the prompt compressed to 1/γ of its length; how often
 * the answer is still there. Controls: the text cut off at its end, and sentences left out by lot. Then what it costs in time.
 * The data have one `{"knowledge", "question", "right_answer"}` a line (HaluEval QA). Weights were chosen on the even lines; the odd ones are reported.
 *
 *   node bench/compress.mjs <halueval-qa.jsonl> [--passages 40] [--half odd] [--seed 1] [--json]
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { seededRandom } from '../dist/contract/random.js';
import { compressPrompt } from '../dist/gateway/compression/compress-prompt.js';
import { sentenceEnds } from '../dist/models/grounding/sentences.js';
import { help } from './support/help.mjs';

help(import.meta.url);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    passages: { type: 'string', default: '40' },
    half: { type: 'string', default: 'odd' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
if (positionals[0] === undefined) {
  process.stderr.write('the file of questions is missing; --help\n');
  process.exit(2);
}
const GAMMAS = [1.1, 1.25, 1.5, 2, 3];
const Z = 1.96;
const passages = Number(values.passages);
const random = seededRandom(Number(values.seed));
const all = readFileSync(positionals[0], 'utf8')
  .trim()
  .split('\n')
  .map(line => JSON.parse(line))
  // Passages came joined without a space; questions of yes or no have no answer to look for.
  .map(row => ({ ...row, knowledge: row.knowledge.replace(/([.!?])(?=[A-Z"(])/g, '$1 ') }));
const rows = all.filter((_, i) => (i % 2 === 1) === (values.half === 'odd'));
const asked = rows.filter(
  ({ knowledge, right_answer: answer }) => answer.length > 3 && knowledge.toLowerCase().includes(answer.toLowerCase()),
);

function documentFor(row) {
  const others = rows.filter(other => other !== row && !other.knowledge.includes(row.right_answer));
  const chosen = Array.from(
    { length: passages - 1 },
    () => others[Math.floor(random.next() * others.length)].knowledge,
  );
  chosen.splice(Math.floor(random.next() * passages), 0, row.knowledge);
  return chosen.join('\n\n');
}

const bytes = text => Buffer.byteLength(text);
const METHODS = {
  weir(document, question, excess) {
    const messages = [document, question].map(text => ({ role: 'user', content: [{ type: 'text', text }] }));
    return compressPrompt({ messages, promptBytes: bytes(document) + bytes(question) }, excess)?.get(document);
  },
  'the end cut off': (document, _question, excess) => document.slice(0, document.length - excess),
  'by lot'(document, _question, excess) {
    const sentences = [];
    let from = 0;
    for (const end of [...sentenceEnds(document), document.length]) {
      sentences.push(document.slice(from, end));
      from = end;
    }
    let gone = 0;
    while (gone < excess) {
      const at = Math.floor(random.next() * sentences.length);
      gone += bytes(sentences[at]);
      sentences[at] = '';
    }
    return sentences.join('');
  },
};

/** Wilson's interval, in percent. */
function interval(hits, of) {
  const share = hits / of;
  const middle = (share + (Z * Z) / (2 * of)) / (1 + (Z * Z) / of);
  const half = (Z * Math.sqrt((share * (1 - share)) / of + (Z * Z) / (4 * of * of))) / (1 + (Z * Z) / of);
  return [100 * (middle - half), 100 * (middle + half)];
}

const documents = asked.map(row => ({ row, document: documentFor(row) }));
const result = [];
for (const gamma of GAMMAS) {
  for (const [method, compress] of Object.entries(METHODS)) {
    let kept = 0;
    let impossible = 0;
    let ms = 0;
    for (const { row, document } of documents) {
      const excess = Math.ceil(bytes(document) * (1 - 1 / gamma));
      const from = performance.now();
      const shorter = compress(document, row.question, excess);
      ms += performance.now() - from;
      if (shorter === undefined) impossible++;
      else if (shorter.toLowerCase().includes(row.right_answer.toLowerCase())) kept++;
    }
    const of = documents.length - impossible;
    const [low, high] = interval(kept, of);
    result.push({ gamma, method, kept_percent: (100 * kept) / of, low, high, impossible, ms: ms / documents.length });
  }
}
const size = documents.reduce((sum, { document }) => sum + bytes(document), 0) / documents.length;
if (values.json) console.log(JSON.stringify({ questions: documents.length, mean_bytes: size, result }));
else {
  console.log(
    `${documents.length} questions (${values.half} lines), each in ${passages} passages, ${(size / 1000).toFixed(1)} kB on average`,
  );
  for (const { gamma, method, kept_percent: kept, low, high, impossible, ms } of result) {
    const told = `${kept.toFixed(1)} % (${low.toFixed(1)}–${high.toFixed(1)})`;
    console.log(
      `γ ${String(gamma).padEnd(5)} ${method.padEnd(16)} answer kept ${told.padEnd(22)} not possible ${impossible}, ${ms.toFixed(2)} ms`,
    );
  }
}
