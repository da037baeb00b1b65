// What one tenant that floods a pool does to another: `node bench/flood.mjs [--json]`, after a build. Virtual time: the production pool
// in front of modelled engines (8B on one H100, 4 replicas, 24 places each). The quiet tenant sends 8 requests/s; the other 50 times
// as many. `tenant_share: 1` keeps no places free. The control has both as one tenant, which is first come, first served.

import { distributionOf } from '../dist/contract/distribution.js';
import { isWeirError } from '../dist/contract/errors.js';
import { seededRandom } from '../dist/contract/random.js';
import { VirtualClock } from '../dist/fleet/twin/virtual-clock.js';
import { createEngine } from '../dist/pool/engine/batching-engine.js';
import { engineProfile } from '../dist/pool/engine/profile.js';
import { createPlacer } from '../dist/pool/placement/create-placer.js';
import { createPool } from '../dist/pool/pool.js';
import { poolSchema } from '../dist/pool/schema.js';
import { help } from './support/help.mjs';

help(import.meta.url);

const SECONDS = 300;
const RATE = 8;
const FLOOD = 50;
const PLACES = 24;

/** One run: who sends at which rate, and under whose name. */
function play(senders, seed, tenantShare) {
  const clock = new VirtualClock();
  const random = seededRandom(seed);
  const profile = engineProfile({ model: 'llama-3.1-8b', gpu: 'h100', maxBatchedTokens: 2048 });
  const config = poolSchema.parse({
    models: { m: {} },
    pools: {
      p: {
        model: 'm',
        concurrency: PLACES,
        queue: tenantShare === undefined ? {} : { tenant_share: tenantShare },
        ejection: false,
        replicas: Array.from({ length: 4 }, (_, i) => ({ url: `http://10.0.0.1:${8000 + i}`, id: `r${i}` })),
      },
    },
  });
  const pool = createPool(config, {
    clock,
    random: random.fork('pool'),
    placer: (kind, draws) => createPlacer(kind, { random: draws }),
  });
  const engines = new Map(
    config.pools.p.replicas.map(({ id }) => [
      `p/${id}`,
      { engine: createEngine(profile, { events: 'milestones' }), active: false },
    ]),
  );
  const running = new Map();
  const results = new Map(senders.map(({ name }) => [name, { ttft: [], e2e: [], sent: 0, refused: 0 }]));
  let number = 0;

  function run(slot) {
    const iteration = slot.engine.advance(clock.now(), clock.now());
    slot.active = iteration !== undefined;
    if (iteration === undefined) return;
    clock.at(iteration.endsAt, () => {
      for (const { kind, id } of [...iteration.events]) {
        const one = running.get(id);
        if (one === undefined || kind === 'preempted') continue;
        if (kind === 'finished') {
          running.delete(id);
          one.result.e2e.push(clock.now() - one.at);
          one.lease.release({ status: 'answered', replicaFault: false });
        } else if (!one.begun) {
          one.begun = true;
          one.result.ttft.push(clock.now() - one.at);
          one.lease.firstByte();
        }
      }
      run(slot);
    });
  }

  for (const { name, tenant, rate } of senders) {
    const draws = random.fork(name);
    const result = results.get(name);
    const arrive = () => {
      clock.after(draws.exponential(rate / 1000), arrive);
      if (clock.now() > SECONDS * 1000) return;
      const id = number++;
      const promptTokens = Math.round(Math.exp(6.2 + 0.8 * gauss(draws)));
      const outputTokens = Math.max(1, Math.round(Math.exp(4.6 + 0.7 * gauss(draws))));
      const at = clock.now();
      result.sent++;
      const asked = {
        ...{ model: 'm', promptTokens, outputTokens: 120, session: '', constraints: {}, exclude: [] },
        prefix: { hashes: [], blockTokens: 64 },
        flow: { tenant, priority: 'normal', dueAt: at + 500, bytes: promptTokens * 4 },
      };
      pool.acquire(asked, lease => {
        if (isWeirError(lease)) {
          result.refused++;
          return;
        }
        lease.sent();
        running.set(id, { lease, at, result, begun: false });
        const slot = engines.get(lease.target.id);
        slot.engine.submit({ id, promptTokens, outputTokens, prefix: asked.prefix }, clock.now());
        if (!slot.active) run(slot);
      });
    };
    clock.after(0, arrive);
  }
  clock.run(SECONDS * 1000 + 60_000);
  return results;
}

function gauss(draws) {
  return Math.sqrt(-2 * Math.log(1 - draws.next())) * Math.cos(2 * Math.PI * draws.next());
}

const flood = tenant => ({ name: 'flood', tenant, rate: RATE * FLOOD });
const quiet = tenant => ({ name: 'quiet', tenant, rate: RATE });
const runs = {
  solo: [quiet('a')],
  'two tenants': [quiet('a'), flood('b')],
  'two tenants, tenant_share 1': [quiet('a'), flood('b')],
  'one tenant (control)': [quiet('a'), flood('a')],
};
const rows = Object.entries(runs).map(([run, senders]) => {
  const results = play(senders, 1, run.endsWith('tenant_share 1') ? 1 : undefined);
  const { ttft, e2e, sent, refused } = results.get('quiet');
  const [first, whole] = [distributionOf(ttft), distributionOf(e2e)];
  const round = value => Math.round(value);
  return {
    run,
    sent,
    refused,
    ttft_p50: round(first.p50),
    ttft_p99: round(first.p99),
    e2e_p50: round(whole.p50),
    e2e_p99: round(whole.p99),
    flood_answered: results.get('flood')?.e2e.length ?? 0,
  };
});
if (process.argv.includes('--json')) console.log(JSON.stringify({ rows }, undefined, 2));
else console.table(rows);
