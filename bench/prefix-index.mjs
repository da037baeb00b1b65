// Look-ups and insertions a second of the prefix index when it is full: `node bench/prefix-index.mjs [--json]`, after a build.
import { seededRandom } from '../dist/contract/random.js';
import { createPlacer } from '../dist/pool/placement/create-placer.js';
import { PrefixIndex } from '../dist/pool/placement/prefix-index.js';
import { help } from './support/help.mjs';

help(import.meta.url);

const BLOCKS = 128;
const SECONDS = 1;
const random = seededRandom(1);

/** Chains as conversations make them: a root that all share, a part that an application shares, and an end of its own. */
function conversations(count) {
  const id = () => Math.floor(random.next() * 2 ** 53);
  const root = Array.from({ length: 8 }, id);
  const applications = Array.from({ length: 32 }, () => Array.from({ length: 24 }, id));
  return Array.from({ length: count }, (_, i) => {
    const shared = [...root, ...applications[i % applications.length]];
    return [...shared, ...Array.from({ length: BLOCKS - shared.length }, id)];
  });
}

function perSecond(task) {
  for (let i = 0; i < 2000; i++) task(i);
  let done = 0;
  const start = performance.now();
  while (performance.now() - start < SECONDS * 1000) for (let i = 0; i < 500; i++) task(done++);
  return Math.round((done * 1000) / (performance.now() - start));
}

function measure(replicas) {
  const index = new PrefixIndex();
  const capacity = Math.floor(index.maxEntries / replicas);
  const chains = conversations(Math.ceil((1.2 * index.maxEntries) / (BLOCKS - 32)));
  const unknown = conversations(4096);
  const name = i => `pool/replica-${i % replicas}`;
  for (const [i, chain] of chains.entries()) index.insert(chain, name(i), capacity);
  const full = { entries: index.size, bytes: index.bytes };

  const views = Array.from({ length: replicas }, (_, i) => ({
    id: name(i),
    pool: 'pool',
    unavailable: undefined,
    inFlight: i % 7,
    waiting: i % 3,
    limit: 64,
    inFlightTokens: 1000 * (i % 13),
    pendingPrefillTokens: 100 * (i % 5),
    contextTokens: 1e6,
    cacheBlocks: capacity,
  }));
  const placer = createPlacer('prefix', { random: random.fork('placer') });
  const requests = chains.map(hashes => ({
    model: 'm',
    promptTokens: BLOCKS * 64,
    outputTokens: 256,
    prefix: { hashes, blockTokens: 64 },
    session: '',
    constraints: {},
    exclude: [],
  }));
  for (const [i, request] of requests.entries()) {
    placer.choose(request, views);
    placer.committed(request, name(i));
  }

  return {
    replicas,
    prompt_blocks: BLOCKS,
    entries: full.entries,
    max_entries: index.maxEntries,
    mebibytes: Number((full.bytes / 2 ** 20).toFixed(1)),
    lookups_per_s: perSecond(i => index.match(chains[(i * 7919) % chains.length])),
    lookups_of_unknown_per_s: perSecond(i => index.match(unknown[i % unknown.length])),
    choices_per_s: perSecond(i => placer.choose(requests[(i * 7919) % requests.length], views)),
    insertions_per_s: perSecond(i => index.insert(chains[(i * 7919) % chains.length], name(i), capacity)),
  };
}

const rows = [8, 64, 512].map(measure);
if (process.argv.includes('--json')) console.log(JSON.stringify({ rows }, undefined, 2));
else console.table(rows);
