import OpenAI from 'openai';
import type { ResponseInputItem } from 'openai/resources/responses/responses.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SYSTEM } from '#identity/identity.js';
import { type MockUpstream, startMockUpstream } from '../../support/mock-upstream.js';
import { type RunningGateway, startGateway } from '../../support/running-gateway.js';

const COMPACTED = JSON.stringify({
  id: 'resp_c1',
  object: 'response.compaction',
  created_at: 1,
  output: [
    { type: 'message', role: 'user', id: 'msg_1', status: 'completed', content: [{ type: 'input_text', text: 'Hi' }] },
    { type: 'compaction', id: 'cmp_1', encrypted_content: 'sealed-by-its-maker' },
  ],
  usage: {
    input_tokens: 100,
    input_tokens_details: { cached_tokens: 40 },
    output_tokens: 20,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 120,
  },
});
const ANSWER = JSON.stringify({
  id: 'resp_up',
  object: 'response',
  status: 'completed',
  output: [
    {
      ...{ type: 'message', role: 'assistant', id: 'msg_up', status: 'completed' },
      content: [{ type: 'output_text', text: 'Hello, Ada.', annotations: [] }],
    },
  ],
  usage: { input_tokens: 10, output_tokens: 3, total_tokens: 13 },
});

let maker: MockUpstream;
let other: MockUpstream;
let gateway: RunningGateway;
beforeAll(async () => {
  const raw = (body: string) => ({ kind: 'raw', type: 'application/json', body }) as const;
  maker = await startMockUpstream(body => raw('max_output_tokens' in body ? ANSWER : COMPACTED));
  other = await startMockUpstream();
  const pool = (url: string) => `health: false, replicas: ["${url}"]`;
  gateway = await startGateway(`
router:
  decisions: [{ name: default, when: otherwise, models: [chat, native], select: static, system_prompt: "Be brief." }]
pool:
  models:
    chat: { context: 32k, price: { prompt: 1, completion: 2 } }
    native: { context: 32k, price: { prompt: 1000, completion: 2000 } }
  pools:
    c: { model: chat, ${pool(other.url)} }
    n: { model: native, api: responses, served_as: gpt, ${pool(maker.url)} }
gateway: { auth: { required: true, admin_key: an-admin-key-of-the-test } }
`);
});
beforeEach(() => {
  maker.seen.length = 0;
  other.seen.length = 0;
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([maker.close(), other.close()]);
});

let response: Response;
async function client(form: object = {}): Promise<OpenAI> {
  const { governance } = gateway.gateway.runtime.identity!;
  const { secret } = await governance.createKey(SYSTEM, { name: 'k', ...form });
  return new OpenAI({
    ...{ baseURL: `${gateway.url}/v1`, apiKey: secret, maxRetries: 0, timeout: 60_000 },
    fetch: async (input, init) => {
      response = await fetch(input, init);
      return response;
    },
  });
}
const param = (model: string) => ({ model: model as 'gpt-5' });
const past: ResponseInputItem[] = [{ type: 'compaction', encrypted_content: 'sealed-by-its-maker' }];

describe('compacting a conversation', () => {
  it('is done by the engine that speaks Responses, and recorded and paid for as any request', async () => {
    const openai = await client();
    const compacted = await openai.responses.compact({ ...param('native'), input: 'Hi', instructions: 'Keep names.' });
    expect(compacted.output.at(-1)).toMatchObject({ type: 'compaction', encrypted_content: 'sealed-by-its-maker' });
    expect(maker.seen[0]).toMatchObject({
      path: '/v1/responses/compact',
      body: { model: 'gpt', input: 'Hi', instructions: 'Keep names.' },
    });
    const record = await gateway.recordOf(response);
    expect(record).toMatchObject({
      api: 'openai-compaction',
      placement: { pool: 'n' },
      outcome: { status: 'answered', usage: { promptTokens: 100, completionTokens: 20, cachedTokens: 40 } },
    });
    expect(record.outcome.costUsd).toBeGreaterThanOrEqual(0.1);
  });

  it('goes on from a stored response, which the engine is told whole', async () => {
    const openai = await client();
    const first = await openai.responses.create({ model: 'native', input: 'I am Ada.', max_output_tokens: 50 });
    await openai.responses.compact({ ...param('native'), previous_response_id: first.id });
    const { body } = maker.seen[1]!;
    expect(body.previous_response_id).toBeNull();
    expect(JSON.stringify(body.input)).toMatch(/I am Ada\..*Hello, Ada\./);
    const stranger = await client();
    await expect(
      stranger.responses.compact({ ...param('native'), previous_response_id: first.id }),
    ).rejects.toMatchObject({ status: 400, param: 'previous_response_id' });
  });

  it('passes over models that cannot, and is not asked what only an answer is', async () => {
    const openai = await client();
    await openai.responses.compact({ ...param('auto'), input: 'Hi' });
    expect(other.seen).toHaveLength(0);
    expect(maker.seen[0]!.body).toEqual({ model: 'gpt', input: 'Hi' });
    await expect(openai.responses.compact({ ...param('chat'), input: 'Hi' })).rejects.toMatchObject({
      ...{ status: 400, code: 'request.unsupported', param: 'model' },
    });
  });

  it('is read again by its maker only: others would answer without the past', async () => {
    const openai = await client();
    const ask = { input: [...past, { role: 'user' as const, content: 'And now?' }], max_output_tokens: 50 };
    await openai.responses.create({ model: 'auto', ...ask });
    expect(other.seen).toHaveLength(0);
    expect(maker.seen[0]!.body.input).toEqual(ask.input);
    await expect(openai.responses.create({ model: 'chat', ...ask })).rejects.toMatchObject({
      ...{ status: 400, code: 'request.unsupported', param: 'input' },
    });
  });

  it('is bound by what the key may use, how often, and for how much', async () => {
    const ask = { ...param('native'), input: 'Hi' };
    const confined = await client({ models: ['chat'] });
    await expect(confined.responses.compact(ask)).rejects.toMatchObject({ status: 403, code: 'auth.model' });
    const slow = await client({ limits: { requestsPerMinute: 1 } });
    await slow.responses.compact(ask);
    await expect(slow.responses.compact(ask)).rejects.toBeInstanceOf(OpenAI.RateLimitError);
    const poor = await client({ budgets: [{ amount: 0.000001, window: 'day' }] });
    maker.seen.length = 0;
    await expect(poor.responses.compact(ask)).rejects.toMatchObject({ code: expect.stringMatching(/^budget\./) });
    expect(maker.seen).toHaveLength(0);
  });

  it('does not speak against an engine that has no compaction', async () => {
    const openai = await client();
    const { behaviour } = maker;
    maker.behaviour = { kind: 'status', status: 404, message: 'Not Found' };
    for (let i = 0; i < 8; i++) {
      await expect(openai.responses.compact({ ...param('native'), input: 'Hi' })).rejects.toMatchObject({
        message: expect.stringContaining('Not Found'),
      });
    }
    maker.behaviour = behaviour;
    const answer = await openai.responses.create({ model: 'native', input: 'Hi', max_output_tokens: 50 });
    expect(answer.output_text).toBe('Hello, Ada.');
  });

  it.each([
    ['nothing to compact', { model: 'native' }, 'input'],
    ['no items', { model: 'native', input: 7 }, 'input'],
    ['no model', { input: 'Hi' }, 'model'],
  ])('refuses %s and says where', async (_, body, path) => {
    const openai = await client();
    await expect(openai.post('/responses/compact', { body })).rejects.toMatchObject({ status: 400, param: path });
  });
});
