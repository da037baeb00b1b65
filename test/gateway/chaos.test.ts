import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { type EngineServer, startEngineServer } from '#engine-server/server.js';
import { metricOf, type RunningGateway, startGateway } from '../support/running-gateway.js';

const REQUESTS = 600;
const CLIENTS = 24;

/** What a client saw of one request. */
type Seen = 'answered' | 'failed' | 'cut' | 'cancelled';

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
  engines = await Promise.all([0, 1, 2, 3, 4].map(at => engineAt(0, at)));
  const limits = `timeouts: { connect: 500ms, first_byte: 600ms, stall: 300ms }, health: { interval: 100ms, timeout: 200ms },
      circuit: { failures: 4, open_for: 100ms, open_at_most: 400ms }, concurrency: 8, queue: { length: 16, timeout: 1s }`;
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

async function ask(index: number): Promise<Seen> {
  const random = seededRandom(index);
  const stream = random.next() < 0.6;
  const leave = random.next() < 0.1 ? new AbortController() : undefined;
  const content = `${random.next() < 0.3 ? 'prove' : 'tell'} ${index} ${'word '.repeat(random.below(200))}`;
  try {
    const response = await gateway.chat(
      { model: 'auto', stream, max_tokens: 40, messages: [{ role: 'user', content }] },
      leave === undefined ? {} : { signal: leave.signal },
    );
    if (leave !== undefined && stream) {
      await response.body?.getReader().read();
      leave.abort();
      return 'cancelled';
    }
    const text = await response.text();
    if (response.status !== 200) {
      expect(JSON.parse(text)).toMatchObject({ error: { code: expect.any(String), message: expect.any(String) } });
      return 'failed';
    }
    if (!stream) {
      expect(JSON.parse(text)).toMatchObject({
        choices: [{ finish_reason: expect.any(String) }],
        usage: expect.anything(),
      });
      return 'answered';
    }
    const done = text.endsWith('data: [DONE]\n\n');
    const error = /^data: \{"error":/m.test(text);
    expect([done, error]).toEqual(done ? [true, false] : [false, true]);
    return done ? 'answered' : 'cut';
  } catch (error) {
    if (leave?.signal.aborted === true) return 'cancelled';
    throw error;
  }
}

describe('replicas killed, stalled and cut under load', () => {
  it('every accepted request ends in an answer or an honest error, and client, record and metrics count alike', async () => {
    const seen: Record<Seen, number> = { answered: 0, failed: 0, cut: 0, cancelled: 0 };
    let next = 0;
    let over = false;
    const chaos = havoc(() => over);
    await Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        while (next < REQUESTS) seen[await ask(next++)]++;
      }),
    );
    over = true;
    await chaos;

    await expect.poll(() => gateway.gateway.inFlight, { timeout: 5000 }).toBe(0);
    expect(await gateway.records.count()).toBe(REQUESTS);
    expect(await metricOf(gateway.metrics, 'weir_requests_total')).toBe(REQUESTS);
    for (const status of ['failed', 'cut'] as const) {
      expect([status, await gateway.records.count({ status })]).toEqual([status, seen[status]]);
      expect([status, await metricOf(gateway.metrics, 'weir_requests_total', { status })]).toEqual([
        status,
        seen[status],
      ]);
    }
    // A client may leave in the moment in which its answer became whole: it is told as either, but as exactly one.
    const recorded = {
      answered: await gateway.records.count({ status: 'answered' }),
      cancelled: await gateway.records.count({ status: 'cancelled' }),
    };
    expect(recorded.answered + recorded.cancelled).toBe(seen.answered + seen.cancelled);
    expect(recorded.answered).toBeGreaterThanOrEqual(seen.answered);
    expect(await metricOf(gateway.metrics, 'weir_requests_total', { status: 'answered' })).toBe(recorded.answered);

    // The load was real, and so was the havoc.
    expect(seen.answered).toBeGreaterThan(REQUESTS / 2);
    expect(seen.cut).toBeGreaterThan(0);
    for (const replica of gateway.gateway.runtime.pool.replicas()) expect(replica.inFlight).toBe(0);
    for (const engine of engines) await expect.poll(() => engine.stats().running + engine.stats().waiting).toBe(0);
  }, 60_000);

  it('all is well again afterwards', async () => {
    await expect
      .poll(() => gateway.gateway.runtime.pool.replicas().every(replica => replica.unavailable === undefined), {
        timeout: 10_000,
      })
      .toBe(true);
    expect(await ask(REQUESTS * 2 + 1)).toMatch(/answered|cancelled/);
  });
});
