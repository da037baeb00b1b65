// What the pool itself costs a request, placement apart: `node bench/pool.mjs` after `npm run build`. Acquire → sent → first byte → release, with a placer that costs nothing.
import { seededRandom } from '#contract/random.js';
import { createPool } from '#pool/pool.js';
import { poolSchema } from '#pool/schema.js';
import { help } from './support/help.mjs';

help(import.meta.url);

const clock = { now: () => performance.now(), wall: () => Date.now(), after: () => () => {} };
const placer = () => {
  const choice = { replica: undefined, score: 0, expectedPrefixTokens: 0, losers: [], considered: 0 };
  let turn = 0;
  return {
    name: 'in turn',
    choose(_request, replicas) {
      choice.replica = replicas[turn++ % replicas.length];
      return choice;
    },
    committed() {},
    forget() {},
  };
};
const request = {
  model: 'm',
  promptTokens: 1000,
  outputTokens: 200,
  prefix: { hashes: [], blockTokens: 16 },
  session: 's',
  constraints: {},
  exclude: [],
};
const answered = {
  status: 'answered',
  replicaFault: false,
  usage: { promptTokens: 1000, completionTokens: 200, cachedTokens: 0 },
};

console.log('replicas  ns/request');
for (const replicas of [1, 8, 64]) {
  const config = poolSchema.parse({
    models: { m: {} },
    pools: { p: { model: 'm', replicas: Array.from({ length: replicas }, (_, i) => `http://10.0.0.1:${8000 + i}`) } },
  });
  const pool = createPool(config, { clock, random: seededRandom(1), placer });
  const run = count => {
    for (let i = 0; i < count; i++) {
      pool.acquire(request, lease => {
        lease.sent();
        lease.firstByte();
        lease.release(answered);
      });
    }
  };
  run(50_000);
  const rounds = [];
  for (let round = 0; round < 9; round++) {
    const from = performance.now();
    run(50_000);
    rounds.push(((performance.now() - from) / 50_000) * 1e6);
  }
  rounds.sort((a, b) => a - b);
  console.log(`${String(replicas).padStart(8)}  ${rounds[4].toFixed(0).padStart(10)}`);
}
