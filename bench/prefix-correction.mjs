// What it brings that engines report cached tokens: `node bench/prefix-correction.mjs [--requests 1000] [--rate 1.5] [--replicas 4]
// [--blocks 16000] [--believed 0] [--seeds 8] [--mix agents:single:chats] [--json]`, after a build. Generated agents, single requests and chats
// through the live pool in virtual time over modelled engines (8B on an H100, `blocks` of 16 tokens each). The control are the same engines when
// they report nothing. `believed` is how many blocks the pool takes them to have; 0: as many as they have. The same traces for both; another
// one a seed. Nothing is tuned on them.
import { parseArgs } from 'node:util';
import { withoutEngines } from '../dist/cli/local-engines.js';
import { parseConfig } from '../dist/config/load.js';
import { seededRandom } from '../dist/contract/random.js';
import { playPool } from '../dist/fleet/twin/pool-twin.js';
import { PrefixClaims } from '../dist/pool/placement/prefix-claims.js';
import { findArchetype } from '../dist/workload/generate/archetypes.js';
import { generateTrace } from '../dist/workload/generate/generate.js';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '1000' },
    rate: { type: 'string', default: '1.5' },
    replicas: { type: 'string', default: '4' },
    blocks: { type: 'string', default: '16000' },
    believed: { type: 'string', default: '0' },
    seeds: { type: 'string', default: '8' },
    mix: { type: 'string', default: '4:4:2' },
    json: { type: 'boolean', default: false },
  },
});
const [requests, rate, replicas, blocks, believed, seeds] = [
  values.requests,
  values.rate,
  values.replicas,
  values.blocks,
  values.believed,
  values.seeds,
].map(Number);
const ARMS = ['nothing reported', 'reported'];
const { end } = PrefixClaims.prototype;
/** Tokens believed cached beyond what was found, and of all prompts. */
let [over, prompts] = [0, 0];
const watched = reports =>
  function (claim, computed, usage) {
    if (usage !== undefined) {
      over += Math.max(0, claim.expectedTokens - usage.cachedTokens);
      prompts += usage.promptTokens;
    }
    return end.call(this, claim, computed, usage && { ...usage, cachedTokens: reports ? usage.cachedTokens : 0 });
  };
const [agents = 0, single = 0, chats = 0] = values.mix.split(':').map(Number);
const mix = [
  { archetype: findArchetype('agent'), share: agents },
  { archetype: findArchetype('azure'), share: single },
  { archetype: findArchetype('lmsys'), share: chats },
];

const rows = Object.fromEntries(ARMS.map(arm => [arm, []]));
for (let seed = 1; seed <= seeds; seed++) {
  const random = seededRandom(seed);
  const generated = generateTrace({ requests, rate, arrivals: { kind: 'poisson' }, mix, blockTokens: 16, random });
  const trace = { requests: generated.requests.map(cached) };
  for (const arm of ARMS) {
    PrefixClaims.prototype.end = watched(arm === 'reported');
    [over, prompts] = [0, 0];
    const takes = believed > 0 ? `, cache_blocks: ${believed}` : '';
    const simulate = `{ model: llama-3.1-8b, gpu: h100, replicas: ${replicas}, blocks: ${blocks} }`;
    const pool = `{ model: m, placement: prefix, concurrency: 256, simulate: ${simulate}${takes} }`;
    const text = `pool: { models: { m: { context: 131072 } }, pools: { p: ${pool} } }`;
    const result = parseConfig(`${text}\nrouter: { decisions: [{ name: all, when: otherwise, models: [m] }] }\n`, {
      file: 'bench',
    });
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    const config = withoutEngines(result.config).pool;
    const { completed, pools } = playPool(trace.requests, { config, modelOf: () => 'm', random: seededRandom(seed) });
    const ofAgents = completed.filter(({ index }) => trace.requests[index].session?.startsWith('agent') === true);
    rows[arm].push({
      hit_rate: pools.get('p').prefixHitRate,
      overestimate: over / prompts,
      ...ttft('agent', ofAgents),
      ...ttft('all', completed),
    });
  }
}

const report = Object.fromEntries(Object.entries(rows).map(([arm, runs]) => [arm, summary(runs)]));
if (values.json)
  console.log(JSON.stringify({ requests, rate, replicas, blocks, believed, seeds, mix: values.mix, arms: report }));
else console.table(report);

/** Engines cache the prompt of a single request too, though nobody will come back for it: its blocks are like no others. */
function cached(request, at) {
  if (request.session !== undefined) return request;
  const hashes = Array.from({ length: Math.floor(request.promptTokens / 16) }, (_, i) => 1e12 + at * 1e5 + i);
  return { ...request, session: `single-${at}`, prefix: { hashes, blockTokens: 16 } };
}

function ttft(name, answered) {
  const sorted = answered.map(({ ttftMs }) => ttftMs).sort((a, b) => a - b);
  const mean = sorted.reduce((sum, one) => sum + one, 0) / sorted.length;
  return { [`${name}_ttft_ms`]: mean, [`${name}_p99_ms`]: sorted[Math.floor(0.99 * sorted.length)] };
}

/** The mean over seeds, with the range. */
function summary(runs) {
  return Object.fromEntries(
    Object.keys(runs[0]).map(key => {
      const all = runs.map(run => run[key]).sort((a, b) => a - b);
      const show = value => (key.endsWith('ms') ? Math.round(value) : value.toFixed(4));
      const mean = all.reduce((sum, one) => sum + one, 0) / all.length;
      return [key, `${show(mean)} (${show(all[0])}–${show(all.at(-1))})`];
    }),
  );
}
