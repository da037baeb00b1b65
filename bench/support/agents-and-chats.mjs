// Generated agents, single requests and chats through the live pool in virtual time over modelled engines (8B on an H100): the same traces for
// every arm, another one a seed; what each arm measured as its mean over the seeds with the range.
import { withoutEngines } from '../../dist/cli/local-engines.js';
import { parseConfig } from '../../dist/config/load.js';
import { seededRandom } from '../../dist/contract/random.js';
import { playPool } from '../../dist/fleet/twin/pool-twin.js';
import { findArchetype } from '../../dist/workload/generate/archetypes.js';
import { generateTrace } from '../../dist/workload/generate/generate.js';

const BLOCK_TOKENS = 16;

/** The options that these benches share, for `parseArgs`. */
export const optionsOf = defaults => ({
  replicas: { type: 'string', default: '4' },
  mix: { type: 'string', default: '4:4:2' },
  json: { type: 'boolean', default: false },
  ...Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, { type: 'string', default: value }])),
});

const playOnly = play => {
  play();
  return {};
};

/**
 * Plays every arm over every seed.
 *
 * @param options `requests`, `rate` (a second), `replicas`, `blocks` of 16 tokens each, `seeds`, and `mix`: shares of agents, single requests and chats
 * @param arms by name, what is written into the pool beside its engines, and `around(play)`, which calls `play` and returns further measures
 * @returns by the name of the arm and of the measure, its mean with the range
 */
export function compared({ requests, rate, replicas, blocks, seeds, mix }, arms) {
  const shares = mix.split(':').map(Number);
  const parts = ['agent', 'azure', 'lmsys'].map((name, at) => ({
    archetype: findArchetype(name),
    share: shares[at] ?? 0,
  }));
  const rows = Object.fromEntries(Object.keys(arms).map(arm => [arm, []]));
  for (let seed = 1; seed <= seeds; seed++) {
    const arrivals = { kind: 'poisson' };
    const random = seededRandom(seed);
    const generated = generateTrace({ requests, rate, arrivals, mix: parts, blockTokens: BLOCK_TOKENS, random });
    const trace = generated.requests.map(cached);
    for (const [arm, { pool = '', around = playOnly }] of Object.entries(arms)) {
      const config = poolOf(`replicas: ${replicas}, blocks: ${blocks}`, pool);
      let played;
      const more = around(() => {
        played = playPool(trace, { config, modelOf: () => 'm', random: seededRandom(seed) });
      });
      const ofAgents = played.completed.filter(({ index }) => trace[index].session?.startsWith('agent') === true);
      rows[arm].push({
        hit_rate: played.pools.get('p').prefixHitRate,
        ...more,
        ...ttft('agent', ofAgents),
        ...ttft('all', played.completed),
      });
    }
  }
  return Object.fromEntries(Object.entries(rows).map(([arm, runs]) => [arm, summary(runs)]));
}

function poolOf(engines, more) {
  const pool = `{ model: m, placement: prefix, concurrency: 256, simulate: { model: llama-3.1-8b, gpu: h100, ${engines} }${more} }`;
  const text = `pool: { models: { m: { context: 131072 } }, pools: { p: ${pool} } }
router: { decisions: [{ name: all, when: otherwise, models: [m] }] }
`;
  const result = parseConfig(text, { file: 'bench' });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return withoutEngines(result.config).pool;
}

/** Engines cache the prompt of a single request too, though nobody will come back for it: its blocks are like no others. */
function cached(request, at) {
  if (request.session !== undefined) return request;
  const length = Math.floor(request.promptTokens / BLOCK_TOKENS);
  const hashes = Array.from({ length }, (_, i) => 1e12 + at * 1e5 + i);
  return { ...request, session: `single-${at}`, prefix: { hashes, blockTokens: BLOCK_TOKENS } };
}

function ttft(name, answered) {
  const sorted = answered.map(({ ttftMs }) => ttftMs).sort((a, b) => a - b);
  const mean = sorted.reduce((sum, one) => sum + one, 0) / sorted.length;
  return { [`${name}_ttft_ms`]: mean, [`${name}_p99_ms`]: sorted[Math.floor(0.99 * sorted.length)] };
}

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
