import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { type EngineServer, startEngineServer } from '#engine-server/server.js';
import { freePort } from '../support/real-component.js';
import { metricOf, type RunningGateway, startGateway } from '../support/running-gateway.js';

const REQUESTS = 600;
const CLIENTS = 24;

/** What a client saw of one request. Who leaves in the middle cannot tell what it would have become. */
type Seen = 'answered' | 'failed' | 'cut' | 'left';

let engines: EngineServer[];
let gateway: RunningGateway;

const engineAt = (port: number, at: number) =>
  startEngineServer({
    model: 'llama-3.1-8b',
    gpu: 'h100',
    servedAs: at < 3 ? 'small' : 'large',
    speed: 60,
    seed: at,
    port,
  });

beforeAll(async () => {
  engines = await Promise.all([0, 1, 2, 3, 4].map(async at => engineAt(await freePort(), at)));
  const limits = `timeouts: { connect: 500ms, first_byte: 1500ms, stall: 800ms }, health: { interval: 200ms, timeout: 1s },
      circuit: { failures: 4, open_for: 100ms, open_at_most: 400ms }, ejection: { for: 200ms, at_most: 500ms }, concurrency: 8, queue: { length: 16, timeout: 1s }`;
  const urls = engines.map(engine => JSON.stringify(engine.url));
  gateway = await startGateway(`
router:
  signals: { hard: { keyword: { any: [prove] } } }
  decisions:
    - { name: deep, when: hard, models: [large, small] }
    - { name: default, when: otherwise, models: [small, large] }
pool:
  models: { small: { context: 8k, price: { prompt: 1, completion: 1 } }, large: { context: 8k, price: { prompt: 5, completion: 5 } } }
  pools:
    s: { model: small, replicas: [${urls.slice(0, 3).join(', ')}], ${limits} }
    l: { model: large, replicas: [${urls.slice(3).join(', ')}], ${limits} }`);
});

afterAll(async () => {
  await gateway.close();
  await Promise.all(engines.map(engine => engine.close()));
});

/** Breaks something, or mends it, until told to stop. Replicas are also killed outright and started again on their port. */
async function havoc(stopped: () => boolean): Promise<void> {
  const random = seededRandom(99);
  while (!stopped()) {
    const at = random.below(engines.length);
    const engine = engines[at]!;
    const kinds = ['error', 'hang_up', 'cut', 'stall', 'slow', 'none', 'kill'] as const;
    const kind = kinds[random.below(kinds.length)]!;
    if (kind === 'kill') {
      await engine.close();
      await new Promise(resolve => setTimeout(resolve, 60));
      engines[at] = await engineAt(engine.port, at);
    } else if (kind === 'none') engine.setFault({ kind });
    else engine.setFault({ kind, share: 0.6, for: '300ms', ...(kind === 'slow' ? { factor: 5 } : undefined) });
    await new Promise(resolve => setTimeout(resolve, 40));
  }
  for (const engine of engines) engine.setFault({ kind: 'none' });
}

async function ask(index: number, saw: Map<string, Seen>): Promise<Seen> {
  const random = seededRandom(index);
  const stream = random.next() < 0.6;
  const leave = random.next() < 0.1 ? new AbortController() : undefined;
  const content = `${random.next() < 0.3 ? 'prove' : 'tell'} ${index} ${'word '.repeat(random.below(200))}`;
  const told = (response: Response, seen: Seen): Seen => {
    saw.set(response.headers.get('x-request-id') ?? '', seen);
    return seen;
  };
  try {
    const response = await gateway.chat(
      { model: 'auto', stream, max_tokens: 40, messages: [{ role: 'user', content }] },
      leave === undefined ? {} : { signal: leave.signal },
    );
    if (leave !== undefined && stream) {
      await response.body?.getReader().read();
      leave.abort();
      return 'left';
    }
    const text = await response.text();
    if (response.status !== 200) {
      expect(JSON.parse(text)).toMatchObject({ error: { code: expect.any(String), message: expect.any(String) } });
      return told(response, 'failed');
    }
    if (!stream) {
      expect(JSON.parse(text)).toMatchObject({
        choices: [{ finish_reason: expect.any(String) }],
        usage: expect.anything(),
      });
      return told(response, 'answered');
    }
    const done = text.endsWith('data: [DONE]\n\n');
    const error = /^data: \{"error":/m.test(text);
    expect([done, error]).toEqual(done ? [true, false] : [false, true]);
    return told(response, done ? 'answered' : 'cut');
  } catch (error) {
    if (leave?.signal.aborted === true) return 'left';
    throw error;
  }
}

describe('replicas killed, stalled and cut under load', () => {
  it('every accepted request ends in an answer or an honest error, and client, record and metrics count alike', async () => {
    const seen: Record<Seen, number> = { answered: 0, failed: 0, cut: 0, left: 0 };
    const saw = new Map<string, Seen>();
    let next = 0;
    let over = false;
    const chaos = havoc(() => over);
    await Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        while (next < REQUESTS) seen[await ask(next++, saw)]++;
      }),
    );
    over = true;
    await chaos;

    await expect.poll(() => gateway.gateway.inFlight).toBe(0);
    expect(await gateway.records.count()).toBe(REQUESTS);
    expect(await metricOf(gateway.metrics, 'weir_requests_total')).toBe(REQUESTS);
    expect(saw.size).toBe(REQUESTS - seen.left);
    for (const [id, what] of saw) expect([id, (await gateway.records.find(id))?.outcome.status]).toEqual([id, what]);
    for (const status of ['answered', 'failed', 'cut', 'cancelled', 'refused']) {
      const recorded = await gateway.records.count({ status });
      expect([status, await metricOf(gateway.metrics, 'weir_requests_total', { status })]).toEqual([status, recorded]);
    }

    // The load was real, and so was the havoc.
    expect(seen.answered).toBeGreaterThan(REQUESTS / 2);
    expect(seen.cut).toBeGreaterThan(0);
    for (const replica of gateway.gateway.runtime.pool.replicas()) expect(replica.inFlight).toBe(0);
    for (const engine of engines) await expect.poll(() => engine.stats().running + engine.stats().waiting).toBe(0);
  });

  it('all is well again afterwards', async () => {
    // A circuit closes again on a request that goes well, so there must be some.
    let index = REQUESTS * 2;
    const well = async () => {
      await Promise.all(Array.from({ length: 8 }, () => ask(index++, new Map())));
      const replicas = gateway.gateway.runtime.pool.replicas();
      return replicas
        .filter(({ unavailable }) => unavailable !== undefined)
        .map(({ id, unavailable }) => `${id}: ${unavailable}`);
    };
    await expect.poll(well).toEqual([]);
  });
});
