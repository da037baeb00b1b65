import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SYSTEM } from '#identity/identity.js';
import { type MockUpstream, startMockUpstream } from '../support/mock-upstream.js';
import { type RunningGateway, startGateway } from '../support/running-gateway.js';

let engine: MockUpstream;
let gateway: RunningGateway;

beforeAll(async () => {
  engine = await startMockUpstream();
});
afterAll(() => engine.close());
beforeEach(async () => {
  const output = [{ type: 'compaction', encrypted_content: 'x' }];
  const usage = { input_tokens: 100, output_tokens: 20, total_tokens: 120 };
  const body = JSON.stringify({ id: 'c', object: 'response.compaction', output, usage });
  engine.behaviour = { kind: 'raw', type: 'application/json', body };
  engine.seen.length = 0;
  gateway = await startGateway(`
pool:
  models: { m: { price: { prompt: 10, completion: 100 }, context: 32k } }
  pools: { m: { model: m, api: responses, health: false, replicas: ["${engine.url}"] } }
gateway: { auth: { required: true, admin_key: an-admin-key-of-the-test } }
`);
});
afterEach(() => gateway.close());

const identity = () => gateway.gateway.runtime.identity!;
const key = (form: object = {}) => identity().governance.createKey(SYSTEM, { name: 'k', ...form });
const post = (path: string, secret: string, body: object) =>
  fetch(gateway.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const compact = (secret: string) => post('/v1/responses/compact', secret, { model: 'm', input: 'a long talk' });
const count = (secret: string) =>
  post('/v1/messages/count_tokens', secret, { model: 'm', messages: [{ role: 'user', content: 'hello' }] });
const codeOf = async (response: Response) =>
  ((await response.json()) as { error: { code?: string; message: string } }).error;

describe('what is asked of engines beside inference', () => {
  it('is paid for: compaction is reserved and settled by what its engine reported', async () => {
    const { secret, key: made } = await key({ budgets: [{ amount: 0.06, window: 'day' }] });
    const first = await compact(secret);
    expect(first.status).toBe(200);
    const [meter] = identity().accounts.of('key', made.id).meters;
    expect([meter!.spent(Date.now()), meter!.reserved]).toEqual([3_000_000, 0]);
    let refused = await compact(secret);
    for (let at = 0; at < 20 && refused.status === 200; at++) refused = await compact(secret);
    expect([refused.status, (await codeOf(refused)).code]).toEqual([402, 'budget.exhausted']);
    // Every call that an engine saw was counted, and the refused one reached none.
    expect([meter!.spent(Date.now()), meter!.reserved]).toEqual([3_000_000 * engine.seen.length, 0]);
  });

  it('stands under role and limits, and gives its place back whatever becomes of it', async () => {
    const viewer = await key({ role: 'viewer' });
    expect((await compact(viewer.secret)).status).toBe(403);
    expect((await count(viewer.secret)).status).toBe(403);
    const { secret, key: made } = await key({ limits: { requestsPerMinute: 3, concurrency: 1 } });
    engine.behaviour = { kind: 'status', status: 500 };
    expect((await compact(secret)).status).toBe(502);
    expect((await post('/v1/responses/compact', secret, { model: 'none', input: 'x' })).status).toBe(404);
    const third = await count(secret);
    expect(third.status).toBe(200);
    expect(third.headers.get('x-ratelimit-remaining-requests')).toBe('0');
    const fourth = await count(secret);
    expect([fourth.status, Number(fourth.headers.get('retry-after')) > 0]).toEqual([429, true]);
    expect(identity().accounts.of('key', made.id).places.open).toBe(0);
  });
});
