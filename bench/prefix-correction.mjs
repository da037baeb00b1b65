// What it brings that engines report cached tokens: `node bench/prefix-correction.mjs [--requests 1000] [--rate 1.5] [--replicas 4]
// [--blocks 16000] [--believed 0] [--seeds 8] [--mix agents:single:chats] [--json]`, after a build. Generated agents, single requests and chats
// through the live pool in virtual time over modelled engines (8B on an H100, `blocks` of 16 tokens each). The control are the same engines when
// they report nothing. `believed` is how many blocks the pool takes them to have; 0: as many as they have. The same traces for both; another
// one a seed. Nothing is tuned on them.
import { parseArgs } from 'node:util';
import { PrefixClaims } from '../dist/pool/placement/prefix-claims.js';
import { compared, optionsOf } from './support/agents-and-chats.mjs';
import { help } from './support/help.mjs';

help(import.meta.url);
const options = optionsOf({ requests: '1000', rate: '1.5', blocks: '16000', believed: '0', seeds: '8' });
const { json, mix, ...numbers } = parseArgs({ options }).values;
const given = Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, Number(value)]));
const { end } = PrefixClaims.prototype;
const pool = given.believed > 0 ? `, cache_blocks: ${given.believed}` : '';

/** Plays with reports of cached tokens or without, and counts the tokens that were believed cached beyond what was found. */
const watched = reports => play => {
  let [over, prompts] = [0, 0];
  PrefixClaims.prototype.end = function (claim, computed, usage) {
    if (usage !== undefined) {
      over += Math.max(0, claim.expectedTokens - usage.cachedTokens);
      prompts += usage.promptTokens;
    }
    return end.call(this, claim, computed, usage && { ...usage, cachedTokens: reports ? usage.cachedTokens : 0 });
  };
  play();
  return { overestimate: over / prompts };
};

const arms = compared(
  { ...given, mix },
  {
    'nothing reported': { pool, around: watched(false) },
    reported: { pool, around: watched(true) },
  },
);
if (json) console.log(JSON.stringify({ ...given, mix, arms }));
else console.table(arms);
