// How often the safety levels are right, and what they cost.
// node bench/safety.mjs DATA_FOLDER [--cache FOLDER] [--only cards,indirect,homonyms,disguise,long,conversation,speed]
//   DATA_FOLDER as scripts/models/train-safety.mjs takes it; `cards`, `indirect`, `homonyms`, `conversation` and `speed` do without it.
//   Not run unless asked for: `development`, injections by kind that nothing is trained on, but by which data and settings are chosen.
// The cards' figures are cross-fitted: each text is judged by a model that saw neither it nor its like, at a threshold fitted on other texts.
// Everything else is on texts that nothing was trained or tuned on. Intervals are Wilson's, 95 %.
import { parseArgs } from 'node:util';
import { cards } from './safety/cards.mjs';
import { conversation } from './safety/conversation.mjs';
import { disguise } from './safety/disguise.mjs';
import { homonyms } from './safety/homonyms.mjs';
import { development, indirect } from './safety/indirect.mjs';
import { openJudge } from './safety/judge.mjs';
import { long } from './safety/long.mjs';
import { speed } from './safety/speed.mjs';
import { help } from './support/help.mjs';
import { hardware } from './support/learned.mjs';

help(import.meta.url);

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cache: { type: 'string', default: '.weir/models' },
    only: { type: 'string', default: 'cards,indirect,homonyms,disguise,long,conversation,speed' },
  },
});
const judge = openJudge(options.cache);
process.stdout.write(`${hardware()}\n`);
const parts = { cards, indirect, development, homonyms, disguise, long, conversation, speed };
for (const name of options.only.split(',')) await parts[name](judge, positionals[0]);
await judge.host.close();
