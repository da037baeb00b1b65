// `node bench/language.mjs FILE [--json]`: accuracy and CPU time of the language signal on JSON lines {text, lang}, beside
// the same model over the whole sample. Settings were chosen on the even lines; what is printed is of the odd ones.
import { readFileSync } from 'node:fs';
import { looksEnglish } from '../dist/router/signals/english.js';
import { loadLanguageModel } from '../dist/router/signals/language-model.js';
import { help } from './support/help.mjs';

help(import.meta.url);

const file = process.argv[2];
if (file === undefined || file.startsWith('--')) {
  process.stderr.write('usage: node bench/language.mjs FILE [--json]\n');
  process.exit(2);
}
const LANGUAGES = 'en fr de es it pt nl pl ru uk ar tr sv da fi cs hu ro el he vi id hi th ja ko zh'.split(' ');
const rows = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .filter((_, line) => line % 2 === 1)
  .map(line => JSON.parse(line))
  .map(({ text, lang }) => ({ line: text.replace(/\s+/g, ' ').slice(0, 160), lang }));
const model = await loadLanguageModel();
const EN = { language: 'en' };
const all = rows;
const common = rows.filter(({ lang }) => LANGUAGES.includes(lang));
const ways = {
  signal: line => (looksEnglish(line) ? EN : model(line)),
  'model alone': model,
};
const settled = all.filter(({ line }) => looksEnglish(line));
const english = all.filter(({ lang }) => lang === 'en');
const wrong = settled.filter(({ lang }) => lang !== 'en').length;

// All are warm before any is timed: the first to walk the model would pay for the others.
for (const way of Object.values(ways)) for (const { line } of common) way(line);
const figures = {};
for (const [name, way] of Object.entries(ways)) {
  const from = process.cpuUsage();
  const right = common.filter(({ line, lang }) => way(line).language === lang).length;
  const { user, system } = process.cpuUsage(from);
  figures[name] = {
    texts: common.length,
    accuracy: Number((right / common.length).toFixed(4)),
    cpu_us: Number(((user + system) / common.length).toFixed(1)),
  };
}
figures['English by its words'] = {
  texts: english.length,
  settled: settled.length - wrong,
  wrong: `${wrong} of ${all.length - english.length} in other languages`,
};
if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`);
else console.table(figures);
