// What retention directives bring: `node bench/retention.mjs [--requests 4000] [--rate 6] [--replicas 4] [--blocks 6000] [--seeds 3]
// [--mix agents:single:chats] [--json]`,
// after a build. Agents that wait for tools beside single requests and chats (generated), through the live pool in virtual time over modelled
// engines that honour directives (8B on an H100, `blocks` of 16 tokens each), once without and once for each share of KV memory that may be
// kept. The same traces for all; another one a seed. Nothing is tuned on them: chance and pause are learnt while the trace runs.
import { parseArgs } from 'node:util';
import { withoutEngines } from '../dist/cli/local-engines.js';
import { parseConfig } from '../dist/config/load.js';
import { seededRandom } from '../dist/contract/random.js';
import { playPool } from '../dist/fleet/twin/pool-twin.js';
import { findArchetype } from '../dist/workload/generate/archetypes.js';
import { generateTrace } from '../dist/workload/generate/generate.js';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '4000' },
    rate: { type: 'string', default: '6' },
    replicas: { type: 'string', default: '4' },
    blocks: { type: 'string', default: '6000' },
    seeds: { type: 'string', default: '3' },
    mix: { type: 'string', default: '4:4:2' },
    json: { type: 'boolean', default: false },
  },
});
const [requests, rate, replicas, blocks, seeds] = [
  values.requests,
  values.rate,
  values.replicas,
  values.blocks,
  values.seeds,
].map(Number);
const ARMS = { off: '', 'share 0.25': 'share: 0.25', 'share 0.5': 'share: 0.5', 'share 1': 'share: 1' };
const [agents = 0, single = 0, chats = 0] = values.mix.split(':').map(Number);
const mix = [
  { archetype: findArchetype('agent'), share: agents },
  { archetype: findArchetype('azure'), share: single },
  { archetype: findArchetype('lmsys'), share: chats },
];

const rows = Object.fromEntries(Object.keys(ARMS).map(arm => [arm, []]));
for (let seed = 1; seed <= seeds; seed++) {
  const random = seededRandom(seed);
  const generated = generateTrace({ requests, rate, arrivals: { kind: 'poisson' }, mix, blockTokens: 16, random });
  const trace = { requests: generated.requests.map(cached) };
  for (const [arm, retention] of Object.entries(ARMS)) {
    const keeps = retention === '' ? '' : `, retention: { ${retention} }`;
    const simulate = `{ model: llama-3.1-8b, gpu: h100, replicas: ${replicas}, blocks: ${blocks} }`;
    const pool = `{ model: m, placement: prefix, concurrency: 256, simulate: ${simulate}${keeps} }`;
    const text = `pool: { models: { m: { context: 131072 } }, pools: { p: ${pool} } }`;
    const result = parseConfig(`${text}\nrouter: { decisions: [{ name: all, when: otherwise, models: [m] }] }\n`, {
      file: 'bench',
    });
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    const config = withoutEngines(result.config).pool;
    const { completed, pools } = playPool(trace.requests, { config, modelOf: () => 'm', random: seededRandom(seed) });
    const ofAgents = completed.filter(({ index }) => trace.requests[index].session?.startsWith('agent') === true);
    rows[arm].push({ hit_rate: pools.get('p').prefixHitRate, ...ttft('agent', ofAgents), ...ttft('all', completed) });
  }
}

const report = Object.fromEntries(Object.entries(rows).map(([arm, runs]) => [arm, summary(runs)]));
if (values.json)
  console.log(JSON.stringify({ requests, rate, replicas, blocks, seeds, mix: values.mix, arms: report }));
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
      const show = value => (key === 'hit_rate' ? value.toFixed(4) : Math.round(value));
      const mean = all.reduce((sum, one) => sum + one, 0) / all.length;
      return [key, `${show(mean)} (${show(all[0])}–${show(all.at(-1))})`];
    }),
  );
}
