import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MockUpstream, startMockUpstream } from '../../support/mock-upstream.js';
import { type RunningGateway, startGateway } from '../../support/running-gateway.js';

const mocks: MockUpstream[] = [];
let weir: RunningGateway;

beforeAll(async () => {
  for (let at = 0; at < 3; at++) mocks.push(await startMockUpstream());
  const pool = (name: string, api: string, at: number) =>
    `    ${name}: { model: ${name}, api: ${api}, health: false, circuit: { failures: 1000, least_requests: 1000 }, replicas: ["${mocks[at]!.url}"] }\n`;
  weir = await startGateway(`
router:
  names: [both]
  decisions: [{ name: all, when: otherwise, models: [chat, claude] }]
pool:
  models: { chat: {}, claude: {}, gpt: {} }
  pools:
${pool('chat', 'openai', 0)}${pool('claude', 'anthropic', 1)}${pool('gpt', 'responses', 2)}`);
});
afterAll(() => Promise.all([weir.close(), ...mocks.map(mock => mock.close())]));

const messages = [{ role: 'user', content: 'hi' }];
const CLIENTS = [
  { api: 'Chat Completions', path: '/v1/chat/completions', body: { messages } },
  { api: 'Responses', path: '/v1/responses', body: { input: 'hi', store: false } },
  { api: 'Messages', path: '/v1/messages', body: { max_tokens: 9, messages } },
];
const cases = CLIENTS.flatMap(client =>
  ['chat', 'claude', 'gpt'].flatMap(model =>
    [400, 413, 415, 422].flatMap(status => [false, true].map(stream => ({ ...client, model, status, stream }))),
  ),
);

const asked = (path: string, body: object) =>
  fetch(`${weir.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

describe("an engine's word that the request is wrong", () => {
  it.each(cases)('is a fault of the client in $api from $model: $status, stream: $stream', async given => {
    const { path, body, model, status, stream } = given;
    for (const mock of mocks) mock.behaviour = { kind: 'status', status, message: 'temperature is too hot.' };
    const response = await asked(path, { model, stream, ...body });
    expect(response.status).toBe(status);
    const type =
      path === '/v1/messages' && status === 413
        ? 'request_too_large' // Anthropic's own word for it
        : 'invalid_request_error';
    expect(await response.json()).toMatchObject({
      error: { type, message: 'temperature is too hot.', code: 'upstream.status' },
    });
    expect((await weir.recordOf(response)).outcome).toMatchObject({ status: 'refused', error: 'upstream.status' });
  });

  it('is none where the engine failed, or where Weir showed it the wrong key', async () => {
    for (const status of [401, 403, 404, 500, 503]) {
      for (const mock of mocks) mock.behaviour = { kind: 'status', status };
      const response = await asked('/v1/chat/completions', { model: 'chat', messages });
      expect(response.status).toBe(502);
      expect(await response.json()).toMatchObject({ error: { type: 'upstream_error', code: 'upstream.status' } });
    }
  });

  it('is one of the client for the counting of tokens, too', async () => {
    for (const mock of mocks) mock.behaviour = { kind: 'status', status: 400, message: 'no such tool.' };
    const response = await asked('/v1/messages/count_tokens', { model: 'claude', messages });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error', message: 'no such tool.' },
    });
  });
});

describe('an engine or provider at its limit', () => {
  const busy = CLIENTS.flatMap(client =>
    ['chat', 'claude', 'gpt'].flatMap(model => [false, true].map(stream => ({ ...client, model, stream }))),
  );

  it.each(busy)('is told in the words of $api, from $model, stream: $stream', async ({ path, body, model, stream }) => {
    for (const [said, told, type] of [
      [429, 429, 'rate_limit_error'],
      [529, 503, 'overloaded_error'],
    ] as const) {
      for (const mock of mocks) mock.behaviour = { kind: 'status', status: said, message: 'Too many tokens' };
      const response = await asked(path, { model, stream, ...body });
      expect(response.status).toBe(told);
      expect(await response.json()).toMatchObject({
        error: { type, message: `The replica answered with status ${said}: Too many tokens.`, code: 'upstream.busy' },
      });
      expect((await weir.recordOf(response)).outcome).toMatchObject({ status: 'failed', error: 'upstream.busy' });
    }
  });

  it('is told so behind another model that failed before it', async () => {
    mocks[0]!.behaviour = { kind: 'status', status: 500 };
    mocks[1]!.behaviour = { kind: 'status', status: 529 };
    const response = await asked('/v1/chat/completions', { model: 'both', messages });
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ error: { type: 'overloaded_error', code: 'upstream.busy' } });
  });
});
