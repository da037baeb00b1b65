// How many prefix hits do two gateways lose that share replicas, and what does telling one another through Redis give back?
// `node bench/shared-pool.mjs [--engines 8] [--blocks 1600] [--sessions 120] [--turns 6] [--callers 16] [--seed 1] [--json]` after
// `npm run build`; needs redis-server. The same conversations over fresh simulated engines: through one gateway; through two, each turn
// at either by lot, that share over Redis; the same without Redis (the control); and with Redis killed in the middle. Exit code 1 when
// the two hit less than 95 % of what the one hits, or when a request was lost.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { seededRandom } from '../dist/contract/random.js';
import { startSimulatedFleet } from '../dist/engine-server/simulated-fleet.js';
import {
  agent,
  call,
  freePort,
  needRedis,
  pause,
  startGateway,
  startRedis,
  stopGateways,
} from './support/gateways-on-redis.mjs';
import { help } from './support/help.mjs';

help(import.meta.url);
const { values: options } = parseArgs({
  options: {
    engines: { type: 'string', default: '8' },
    blocks: { type: 'string', default: '1600' },
    sessions: { type: 'string', default: '120' },
    turns: { type: 'string', default: '6' },
    callers: { type: 'string', default: '16' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const [ENGINES, BLOCKS, SESSIONS, TURNS, CALLERS, SEED] = [
  options.engines,
  options.blocks,
  options.sessions,
  options.turns,
  options.callers,
  options.seed,
].map(Number);
/** Simulated engines this many times as fast as real ones. */
const SPEED = 20;
const APPLICATIONS = 6;
const WORDS =
  'river weir pool water gate field stone bank reed flow bend mill meadow reach level rain drought hill'.split(' ');

needRedis();
const arms = {
  one: await arm({ gateways: 1, redis: false }),
  two: await arm({ gateways: 2, redis: true }),
  two_alone: await arm({ gateways: 2, redis: false }),
  two_redis_killed: await arm({ gateways: 2, redis: true, kill: true }),
};
agent.destroy();
const kept = arms.two.hit_rate / arms.one.hit_rate;
const keptAlone = arms.two_alone.hit_rate / arms.one.hit_rate;
const problems = [];
if (kept < 0.95) problems.push(`two gateways hit ${(100 * kept).toFixed(1)} % of what one hits`);
for (const [name, { lost, problem }] of Object.entries(arms))
  if (lost > 0) problems.push(`${name}: ${lost} lost, ${problem}`);
const report = {
  cpu: cpus()[0].model.trim(),
  node: process.version,
  engines: ENGINES,
  blocks: BLOCKS,
  requests: SESSIONS * TURNS,
  ...arms,
  kept: Number(kept.toFixed(4)),
  kept_alone: Number(keptAlone.toFixed(4)),
  problems,
};
console.log(options.json ? JSON.stringify(report) : report);
process.exitCode = problems.length === 0 ? 0 : 1;

/** The conversations once, over fresh engines and gateways. */
async function arm({ gateways: count, redis: shares, kill = false }) {
  const folder = mkdtempSync(join(tmpdir(), 'weir-shared-pool-'));
  const port = await freePort();
  const redis = shares ? await startRedis(port) : undefined;
  const spec = { pool: 'p', model: 'm', engineModel: 'qwen3-8b', gpu: 'h100', speed: SPEED };
  const fleet = await startSimulatedFleet([{ ...spec, count: ENGINES, blocks: BLOCKS, contextTokens: 16_384 }]);
  const replicas = fleet.urls.get('p').map((url, at) => `{ url: "${url}", id: r${at} }`);
  writeFileSync(
    join(folder, 'weir.yaml'),
    `
router: { decisions: [{ name: all, when: otherwise, models: [m] }] }
pool:
  models: { m: { context: 16k } }
  pools: { p: { model: m, replicas: [${replicas.join(', ')}] } }
gateway:
${shares ? `  shared: { redis: "redis://127.0.0.1:${port}" }` : ''}
  record: { path: ":memory:" }
  state: { path: ":memory:" }
  responses: { path: ":memory:" }
  log: { level: error }
`,
  );
  const running = await Promise.all(
    Array.from({ length: count }, (_, at) => startGateway(folder, '--seed', String(SEED + at))),
  );
  try {
    if (shares) await pause(1500);
    const result = await converse(
      running.map(({ url }) => url),
      kill ? () => redis.kill('SIGKILL') : undefined,
    );
    return result;
  } finally {
    await stopGateways(running);
    redis?.kill('SIGKILL');
    await fleet.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Callers take whichever conversation is free, one turn at a time, until all are at their end. */
async function converse(urls, halfWay) {
  const random = seededRandom(SEED);
  const text = (draws, words) => Array.from({ length: words }, () => WORDS[draws.below(WORDS.length)]).join(' ');
  const systems = Array.from({ length: APPLICATIONS }, (_, at) => text(random.fork(`system ${at}`), 400));
  const free = Array.from({ length: SESSIONS }, (_, at) => {
    const draws = random.fork(`session ${at}`);
    return { draws, turns: 0, messages: [{ role: 'system', content: systems[at % APPLICATIONS] }] };
  });
  const order = random.fork('order');
  const result = { hit_rate: 0, answered: 0, lost: 0, problem: undefined, prompt_tokens: 0, cached_tokens: 0 };
  let begun = 0;
  const caller = async () => {
    while (free.length > 0) {
      const [session] = free.splice(order.below(free.length), 1);
      if (++begun === Math.floor((SESSIONS * TURNS) / 2)) halfWay?.();
      session.messages.push({ role: 'user', content: text(session.draws, 150) });
      try {
        const { status, said } = await chat(urls[order.below(urls.length)], session.messages);
        if (status === 200) {
          result.answered++;
          result.prompt_tokens += said.usage.prompt_tokens;
          result.cached_tokens += said.usage.prompt_tokens_details.cached_tokens;
          session.messages.push({ role: 'assistant', content: said.choices[0].message.content });
        } else lose(`${status} ${said.error?.code}`);
      } catch (error) {
        lose(String(error));
      }
      if (++session.turns < TURNS) free.push(session);
    }
  };
  const lose = problem => {
    result.lost++;
    result.problem = problem;
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  result.hit_rate = Number((result.cached_tokens / result.prompt_tokens).toFixed(4));
  return result;
}

function chat(url, messages) {
  return call(url, 'POST', '/v1/chat/completions', { body: { model: 'auto', max_tokens: 40, messages } });
}
