// How often preferences that are described in a sentence each are told, by the model that comes with Weir.
// node bench/preferences.mjs [--cache FOLDER] [--fit]
//   bench/learned/preferences-test.txt: six descriptions, ten requests each, thirty requests of none; nothing was fitted or chosen by it.
//   --fit fits the curve anew to bench/learned/preferences-dev.txt, other descriptions and requests, and prints it.
// Intervals are Wilson's, 95 %. Control: the nearest description always, without abstaining.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machineClock } from '../dist/gateway/machine-clock.js';
import { ModelHost } from '../dist/models/model-host.js';
import { descriptionText } from '../dist/models/routes/described-routes.js';
import { fitSigmoid } from '../dist/models/routes/platt.js';
import { dot } from '../dist/models/runtime/pooling.js';
import { wilson } from '../dist/models/train/calibration.js';
import { learnedSchema } from '../dist/router/learned-schema.js';
import { help } from './support/help.mjs';

help(import.meta.url);

const { values: options } = parseArgs({
  options: { cache: { type: 'string', default: '.weir/models' }, fit: { type: 'boolean', default: false } },
});
const host = new ModelHost(machineClock);
const settings = learnedSchema.parse({ cache: options.cache, queue: 4096, patience: '600s' });

/** Descriptions by name, and requests with the name that they belong to. */
function read(name) {
  const preferences = {};
  const rows = [];
  let current;
  for (const line of readFileSync(join(import.meta.dirname, 'learned', name), 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const heading = /^\[(.+?)\](?: = (.+))?$/.exec(line);
    if (heading === null) {
      rows.push({ text: line, label: current });
      continue;
    }
    current = heading[1];
    if (heading[2] !== undefined) preferences[current] = { description: heading[2], examples: [] };
  }
  return { preferences, rows };
}

const share = (count, of) =>
  `${count} of ${of}, ${((100 * count) / of).toFixed(1)} % (${wilson(count / of, of)
    .map(limit => (100 * limit).toFixed(1))
    .join('–')})`;

if (options.fit) {
  const { preferences, rows } = read('preferences-dev.txt');
  const names = Object.keys(preferences);
  const embedder = host.embedder('default', settings);
  const described = await embedder.embed(names.map(name => descriptionText(name, preferences[name].description)));
  const vectors = await embedder.embed(rows.map(({ text }) => text));
  const judged = rows.flatMap(({ label }, at) => {
    const scores = described.map(vector => dot(vector, vectors[at]));
    const best = scores.indexOf(Math.max(...scores));
    const own = names.indexOf(label);
    return [
      { score: scores[best], belongs: best === own },
      ...(own >= 0 && best !== own ? [{ score: scores[own], belongs: true }] : []),
    ];
  });
  process.stdout.write(`curve ${JSON.stringify(fitSigmoid(judged))}\n`);
}

const { preferences, rows } = read('preferences-test.txt');
const classifier = host.configure(settings, { preferences }).preferences();
await classifier.prepare();
const count = { inside: 0, right: 0, wrong: 0, silent: 0, top: 0, outside: 0, alarms: 0 };
for (const { text, label } of rows) {
  const { best, sure } = await classifier.classify(text, { whenBusy: 'wait' });
  if (label === 'none') {
    count.outside++;
    if (sure) count.alarms++;
    continue;
  }
  count.inside++;
  const right = classifier.labels[best] === label;
  if (right) count.top++;
  if (!sure) count.silent++;
  else if (right) count.right++;
  else count.wrong++;
}
process.stdout.write(
  `requests of six preferences: said and right ${share(count.right, count.inside)}; said and wrong ${share(count.wrong, count.inside)}; nothing said ${share(count.silent, count.inside)}
requests of none: taken for one ${share(count.alarms, count.outside)}
control, the nearest always: right ${share(count.top, count.inside)}; requests of none taken for one ${share(count.outside, count.outside)}
`,
);
await host.close();
