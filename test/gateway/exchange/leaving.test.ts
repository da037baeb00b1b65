import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SYSTEM } from '#identity/identity.js';
import { type MockUpstream, startMockUpstream } from '../../support/mock-upstream.js';
import { type RunningGateway, startGateway } from '../../support/running-gateway.js';

let small: MockUpstream;
let large: MockUpstream;
let weir: RunningGateway;
const open: Array<() => unknown> = [];

beforeEach(async () => {
  small = await startMockUpstream();
  large = await startMockUpstream();
});
afterEach(async () => {
  for (const close of open.splice(0)) close();
  await Promise.all([weir.close(), small.close(), large.close()]);
});

const start = async (strategy: string, more = '') => {
  weir = await startGateway(`
router:
  decisions: [{ name: all, when: otherwise, models: [small, large], select: static, strategy: ${strategy} }]
pool:
  models: { small: { price: { prompt: 1, completion: 2 } }, large: { price: { prompt: 10, completion: 20 } } }
  pools:
    small: { model: small, health: false, concurrency: 1, replicas: ["${small.url}"], queue: { length: 0 } }
    large: { model: large, health: false, concurrency: 1, replicas: ["${large.url}"], queue: { timeout: 60s } }
${more}`);
};

const queued = (pool: string) => weir.gateway.runtime.pool.snapshot().pools.find(({ name }) => name === pool)!.queued;

/** Takes the one place of a model and keeps it. @returns what gives it back. */
async function occupy(model: string, mock: MockUpstream, headers: Record<string, string> = {}): Promise<() => void> {
  const before = mock.seen.length;
  const held = mock.behaviour;
  mock.behaviour = { kind: 'hang' };
  const leave = new AbortController();
  open.push(() => leave.abort());
  weir.chat({ model }, { signal: leave.signal, headers }).catch(() => undefined);
  await expect.poll(() => mock.seen.length).toBe(before + 1);
  mock.behaviour = held;
  return () => leave.abort();
}

/** Asks and leaves while the request waits in a queue. @returns the record of it. */
async function leaveInQueue(pool: string, headers: Record<string, string> = {}) {
  const leave = new AbortController();
  const asked = weir.chat({ model: 'auto' }, { signal: leave.signal, headers }).catch(() => undefined);
  await expect.poll(() => queued(pool), { timeout: 10_000 }).toBe(1);
  leave.abort();
  await asked;
  const record = async () => (await weir.records.list({ limit: 5 })).find(({ modelAsked }) => modelAsked === 'auto');
  await expect.poll(record, { timeout: 10_000 }).toBeDefined();
  return (await record())!;
}

describe('a client that leaves', () => {
  it('while its request waits for the second model takes it out of the queue: no engine works for nobody', async () => {
    await start('fallback');
    await occupy('small', small);
    const free = await occupy('large', large);
    expect((await leaveInQueue('large')).outcome.status).toBe('cancelled');
    expect(queued('large')).toBe(0);
    free();
    const next = await weir.chat({ model: 'large' });
    expect(next.status).toBe(200);
    await next.text();
    expect(large.seen).toHaveLength(2);
  });

  it('while its request waits for a dearer model pays once for the answer that did not pass', async () => {
    await start(
      '{ cascade: { ttft: 60s } }',
      'gateway: { auth: { required: true, admin_key: an-admin-key-of-the-test } }',
    );
    const { governance, accounts } = weir.gateway.runtime.identity!;
    const { secret, key } = await governance.createKey(SYSTEM, { name: 'k', budgets: [{ amount: 1, window: 'day' }] });
    const other = await governance.createKey(SYSTEM, { name: 'o' });
    await occupy('large', large, { authorization: `Bearer ${other.secret}` });
    const message = { role: 'assistant', content: "I'm sorry, but I can't help with that." };
    const usage = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 };
    const answer = { object: 'chat.completion', choices: [{ index: 0, finish_reason: 'stop', message }], usage };
    small.behaviour = { kind: 'raw', type: 'application/json', body: JSON.stringify(answer) };
    const record = await leaveInQueue('large', { authorization: `Bearer ${secret}` });
    const [meter] = accounts.of('key', key.id).meters;
    expect([meter!.spent(Date.now()), meter!.reserved]).toEqual([120_000, 0]);
    expect(record.outcome).not.toHaveProperty('unreported');
    expect(record.outcome.costUsd).toBeCloseTo(120e-6, 12);
  });
});
