// What the benches of learned signals and safety share: the models, intervals, times, printing.
import { existsSync, readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { machineClock } from '../../dist/gateway/machine-clock.js';
import { ModelHost } from '../../dist/models/model-host.js';
import { wilson } from '../../dist/models/train/calibration.js';

/** Local models in which texts wait for as long as it takes, and what a configuration would call them by. */
export function openModels(cache) {
  const settings = {
    cache,
    queue: 4096,
    batch: 16,
    threads: 1,
    patience: 600_000,
    when_busy: 'wait',
    embedder: 'default',
    embedders: {},
    classifiers: {},
    heads: {},
  };
  const host = new ModelHost(machineClock);
  return { host, settings, models: host.configure(settings) };
}

/** A share as a percentage. What rounds to nothing has no sign. */
export const percent = (share, digits = 2) => `${(100 * share).toFixed(digits).replace(/^-(?=0(?:\.0+)?$)/, '')} %`;

/** A share with Wilson's interval, 95 %. */
export const withInterval = (count, of) =>
  `${count} of ${of}, ${percent(count / of)} (${wilson(count / of, of)
    .map(bound => percent(bound))
    .join(' to ')})`;

/** Milliseconds that work takes. */
export async function timed(work) {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

export const quantile = (list, share) =>
  [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(share * list.length))];

export const told = list => `p50 ${quantile(list, 0.5).toFixed(3)} ms, p99 ${quantile(list, 0.99).toFixed(3)} ms`;

export function print(title, rows) {
  process.stdout.write(`\n${title}\n`);
  for (const [name, value] of Object.entries(rows)) process.stdout.write(`  ${name}: ${value}\n`);
}

/** What products of 8-bit numbers are computed with, which says more of the time of a pass than a processor's name does. */
function vectors() {
  const flags = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '';
  const known = { avx512_vnni: 'AVX-512 VNNI', avx_vnni: 'AVX-VNNI', avx512bw: 'AVX-512', avx2: 'AVX2' };
  const best = Object.keys(known).find(flag => new RegExp(`\\b${flag}\\b`).test(flags));
  return best === undefined ? '' : ` (${known[best]})`;
}

export const hardware = () =>
  `${cpus()[0]?.model}${vectors()}, ${cpus().length} cores, Node ${process.versions.node}, load ${loadavg()[0].toFixed(1)}`;

/** Unique texts of about 30 tokens, the same ones for the same seed. */
export const WORDS =
  'why does the price of bread rise when a dry summer ruins most wheat in the plains and how long would it take for bakers to bring their old prices back'.split(
    ' ',
  );

/** Unlike texts of about 8,192 tokens, of questions and statements. */
export function longText(questions, at) {
  let text = '';
  for (let line = 0; text.length < 33_600; line++) {
    const question = questions[(at * 7 + line) % questions.length];
    text += `${question} Point ${line} of ${at} is about ${WORDS[line % WORDS.length]} and more. `;
  }
  return text;
}
