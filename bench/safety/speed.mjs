// What the safety levels cost.
import { join } from 'node:path';
import { seededRandom } from '../../dist/contract/random.js';
import { childSafety } from '../../dist/router/safety/rules/child-safety.js';
import { unveil } from '../../dist/router/safety/unveil.js';
import { sections } from '../../scripts/models/texts.mjs';
import { longText, print, timed, told, WORDS } from '../support/learned.mjs';

export async function speed({ ask, host, settings }) {
  const random = seededRandom(3);
  const text = count => Array.from({ length: count }, () => WORDS[random.below(WORDS.length)]).join(' ');
  const embedder = host.embedder('default', settings);
  await embedder.prepare();
  // In the order that the gateway asks in: the transformer is at the excerpt for `unsafe` while n-grams of sentences are counted.
  const levels = async one => Promise.all(['jailbreak', 'hazard', 'injection'].map(kind => ask(kind, one)));
  // As two rules ask, of which `hazard` asks `unsafe` first: for one request, or as if they were of two.
  const rules = async (one, of) => Promise.all(['unsafe', 'hazard'].map(kind => ask(kind, one, of)));
  for (let i = 0; i < 20; i++) await levels(text(1000));
  const questions = sections(join(import.meta.dirname, '../learned/everyday-test.txt')).map(row => row.text);
  for (const [name, made, rounds] of [
    ['30 tokens', () => text(28), 200],
    ['8,192 tokens: sentences', at => longText(questions, at), 40],
    ['8,192 tokens: words without a stop', () => text(8000), 40],
  ]) {
    const rows = { pass: [], rules: [], levels: [], child: [], apart: [], once: [] };
    for (let i = 0; i < rounds; i++) {
      const one = made(i);
      rows.pass.push(await timed(() => embedder.embed([made(i + 1000)])));
      rows.rules.push(await timed(() => unveil(one)));
      rows.child.push(await timed(() => childSafety.find(one)));
      rows.levels.push(await timed(() => levels(one)));
      // Each of a text of its own, in turns: what was read once is remembered below the levels, too.
      const [apart, once] = [made(i + 2000), made(i + 3000)];
      rows.apart.push(await timed(() => rules(apart)));
      rows.once.push(await timed(() => rules(once, {})));
    }
    print(`speed, unique texts of ${name}, one at a time`, {
      'control: a pass of the transformer': told(rows.pass),
      'L0: all disguises': told(rows.rules),
      'child safety by rules': told(rows.child),
      'L1 and L2: jailbreak, injection, unsafe and hazard': told(rows.levels),
      'control: rules unsafe and hazard, each asked apart': told(rows.apart),
      'rules unsafe and hazard, of one request': told(rows.once),
    });
  }
}
