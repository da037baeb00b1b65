// `node bench/language.mjs FILE [--json]`: accuracy and CPU time of the language signal on JSON lines {text, lang}, beside
// the same model over the whole sample, and by fastText's own code in WebAssembly. Settings were chosen on the even lines; what is printed is
// of the odd ones. Then what loading the model takes, by either, each in a process of its own.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { looksEnglish } from '../dist/router/signals/english.js';
import { languageOf } from '../dist/router/signals/language-codes.js';
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
const wasm = await (await (await import('fasttext.wasm.js')).getLIDModel()).load();
/** What fastText's own code says. */
function own(line) {
  const guesses = wasm.predict(line, 1, 0);
  const [, label] = guesses.get(0);
  guesses.delete();
  return { language: languageOf(label) };
}
const EN = { language: 'en' };
const all = rows;
const common = rows.filter(({ lang }) => LANGUAGES.includes(lang));
const ways = {
  signal: line => (looksEnglish(line) ? EN : model(line)),
  'model alone': model,
  'in WebAssembly': own,
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
/** CPU time and memory that a piece of code adds to a process. */
function added(code) {
  const figures = `const m = process.memoryUsage.rss(), c = process.cpuUsage(); ${code}
    const { user, system } = process.cpuUsage(c); console.log((user + system) / 1e3, (process.memoryUsage.rss() - m) / 1e6);`;
  const once = () =>
    execFileSync(process.execPath, ['--input-type=module', '-e', figures], { cwd: import.meta.dirname });
  const runs = Array.from({ length: 5 }, () => `${once()}`.split(' ').map(Number));
  const [cpu_ms, memory_mb] = [0, 1].map(at => Math.round(runs.map(run => run[at]).sort((a, b) => a - b)[2]));
  return { cpu_ms, memory_mb };
}
const { href } = new URL('../dist/router/signals/language-model.js', import.meta.url);
figures.loading = added(`await (await import('${href}')).loadLanguageModel();`);
figures['loading, in WebAssembly'] = added(`await (await (await import('fasttext.wasm.js')).getLIDModel()).load();`);
if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`);
else console.table(figures);
