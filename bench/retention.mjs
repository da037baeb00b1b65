// What retention directives bring: `node bench/retention.mjs [--requests 4000] [--rate 6] [--replicas 4] [--blocks 6000] [--seeds 3]
// [--mix agents:single:chats] [--json]`,
// after a build. Agents that wait for tools beside single requests and chats (generated), through the live pool in virtual time over modelled
// engines that honour directives (8B on an H100, `blocks` of 16 tokens each), once without and once for each share of KV memory that may be
// kept. The same traces for all; another one a seed. Nothing is tuned on them: chance and pause are learnt while the trace runs.
import { parseArgs } from 'node:util';
import { compared, optionsOf } from './support/agents-and-chats.mjs';
import { help } from './support/help.mjs';

help(import.meta.url);
const options = optionsOf({ requests: '4000', rate: '6', blocks: '6000', seeds: '3' });
const { json, mix, ...numbers } = parseArgs({ options }).values;
const given = Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, Number(value)]));

const kept = [0.25, 0.5, 1].map(share => [`share ${share}`, { pool: `, retention: { share: ${share} }` }]);
const arms = compared({ ...given, mix }, { off: {}, ...Object.fromEntries(kept) });
if (json) console.log(JSON.stringify({ ...given, mix, arms }));
else console.table(arms);
