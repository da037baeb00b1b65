// What choosing a replica costs a request, by preset, by each scorer alone and with all of them: `node bench/placement.mjs [--json]`, after a build.
// The control is round robin, which looks at nothing.
import { seededRandom } from '../dist/contract/random.js';
import { EngineForecast } from '../dist/pool/engine/forecast.js';
import { engineProfile } from '../dist/pool/engine/profile.js';
import { createPlacer } from '../dist/pool/placement/create-placer.js';
import { SCORER_NAMES } from '../dist/pool/placement/custom-rule.js';
import { PRESETS } from '../dist/pool/placement/schema.js';
import { help } from './support/help.mjs';

help(import.meta.url);

const BLOCKS = 128;
/** Measured in all variants. */
const CLOSELY = ['prefix', 'all scorers'];
const VARIANTS = [
  { name: '', told: false, quoted: false },
  { name: ', parts told', told: true, quoted: false },
  { name: ', quoted before', told: false, quoted: true },
];
const random = seededRandom(1);
const forecast = new EngineForecast(engineProfile({ model: 'llama-3.1-8b', gpu: 'h100' }));
const everything = Object.fromEntries(
  SCORER_NAMES.map(name => [name, name === 'token_load' ? { weight: 1, full: 1e6 } : 1]),
);
const placements = {
  ...Object.fromEntries(PRESETS.map(name => [name, name])),
  ...Object.fromEntries(
    Object.entries(everything).map(([name, how]) => [`scorer ${name}`, { scorers: { [name]: how } }]),
  ),
  'all scorers': { scorers: everything },
  'all scorers, no shortlist': { scorers: everything, candidates: 1024 },
};

function fleet(replicas) {
  return Array.from({ length: replicas }, (_, i) => ({
    id: `pool/replica-${i}`,
    pool: 'pool',
    unavailable: undefined,
    inFlight: i % 7,
    waiting: i % 3,
    limit: 64,
    inFlightTokens: 1000 * (i % 13),
    pendingPrefillTokens: 100 * (i % 5),
    contextTokens: 1e6,
    cacheBlocks: 8192,
    kvTokens: 500_000,
    forecast,
    latency: undefined,
    adapters: { state: model => (model === 'm' ? undefined : 'room') },
  }));
}

/** Prompts of 128 blocks whose first 32 many share, as conversations of a few applications do. */
function prompts(count) {
  const id = () => Math.floor(random.next() * 2 ** 53);
  const applications = Array.from({ length: 32 }, () => Array.from({ length: 32 }, id));
  return Array.from({ length: count }, (_, i) => ({
    model: 'm',
    promptTokens: BLOCKS * 64,
    outputTokens: 256,
    prefix: { hashes: [...applications[i % 32], ...Array.from({ length: BLOCKS - 32 }, id)], blockTokens: 64 },
    session: `s${i}`,
    constraints: {},
    exclude: [],
  }));
}

/** A choice. `told`: with what its scores are made of, as for each request that is placed. `quoted`: right after the same choice for a quote. */
function microseconds(placement, replicas, { told, quoted }) {
  const placer = createPlacer(placement, { random: random.fork('placer') });
  const views = fleet(replicas);
  const requests = prompts(1024);
  for (const request of requests) placer.committed(request, placer.choose(request, views).replica.id);
  const rounds = [];
  for (let round = 0; round < 7; round++) {
    const count = 3000;
    const from = performance.now();
    for (let i = 0; i < count; i++) {
      const request = requests[(i * 7919) % requests.length];
      if (quoted) placer.choose(request, views);
      const choice = placer.choose(request, views);
      if (told) placer.partsOf?.(choice);
    }
    rounds.push(((performance.now() - from) * 1000) / count);
  }
  return Number(rounds.sort((a, b) => a - b)[3].toFixed(1));
}

const rows = Object.entries(placements).flatMap(([name, placement]) =>
  (CLOSELY.includes(name) ? VARIANTS : VARIANTS.slice(0, 1)).map(variant => ({
    placement: `${name}${variant.name}`,
    ...Object.fromEntries([8, 64, 512].map(replicas => [`us_${replicas}`, microseconds(placement, replicas, variant)])),
  })),
);
if (process.argv.includes('--json')) console.log(JSON.stringify({ rows }, undefined, 2));
else console.table(rows);
