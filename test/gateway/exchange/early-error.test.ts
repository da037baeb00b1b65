import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type MockUpstream, startMockUpstream } from '../../support/mock-upstream.js';
import { type RunningGateway, startGateway } from '../../support/running-gateway.js';

const mocks: MockUpstream[] = [];
let weir: RunningGateway;

beforeAll(async () => {
  for (let at = 0; at < 6; at++) mocks.push(await startMockUpstream());
  const pool = (name: string, api: string, at: number) =>
    `    ${name}: { model: ${name}, api: ${api}, health: false, replicas: ["${mocks[at]!.url}", "${mocks[at + 1]!.url}"] }\n`;
  weir = await startGateway(`
pool:
  models: { chat: {}, claude: {}, gpt: {} }
  pools:
${pool('chat', 'openai', 0)}${pool('claude', 'anthropic', 2)}${pool('gpt', 'responses', 4)}`);
});
afterAll(() => Promise.all([weir.close(), ...mocks.map(mock => mock.close())]));
afterEach(() => {
  for (const mock of mocks) mock.seen.length = 0;
});

const sse = (...events: readonly object[]) =>
  events.map(event => `${'type' in event ? `event: ${event.type}\n` : ''}data: ${JSON.stringify(event)}\n\n`).join('');

const APIS = [
  {
    ...{ model: 'chat', path: '/v1/chat/completions', at: 0, body: { messages: [{ role: 'user', content: 'hi' }] } },
    error: `${sse({ error: { message: 'out of memory', type: 'server_error' } })}data: [DONE]\n\n`,
    answer: `${sse({ choices: [{ index: 0, delta: { content: 'fine' }, finish_reason: 'stop' }] })}data: [DONE]\n\n`,
  },
  {
    ...{ model: 'claude', path: '/v1/messages', at: 2 },
    body: { max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] },
    error: sse({ type: 'error', error: { type: 'overloaded_error', message: 'out of memory' } }),
    answer: sse(
      { type: 'message_start', message: { role: 'assistant', content: [], usage: { input_tokens: 1 } } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: 'fine' } },
      { type: 'message_stop' },
    ),
  },
  {
    ...{ model: 'gpt', path: '/v1/responses', at: 4, body: { input: 'hi', store: false } },
    error: sse({ type: 'error', code: 'server_error', message: 'out of memory' }),
    answer: sse({ type: 'response.completed', response: { output: [], note: 'fine' } }),
  },
];

describe.each(APIS)('an error in the place of an answer: $path', ({ model, path, at, body, error, answer }) => {
  const ask = () =>
    fetch(`${weir.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, stream: true, ...body }),
    });
  const replicas = () => mocks.slice(at, at + 2);

  it('leads to another replica', async () => {
    for (const mock of replicas()) {
      const others = replicas().reduce((sum, { seen }) => sum + seen.length, 0);
      mock.behaviour = () => {
        const first = replicas().reduce((sum, { seen }) => sum + seen.length, 0) === others + 1;
        return { kind: 'raw', type: 'text/event-stream', body: first ? error : answer };
      };
    }
    const response = await ask();
    const text = await response.text();
    expect(text).toContain('fine');
    expect(text).not.toContain('memory');
    expect((await weir.recordOf(response)).attempts.map(({ status }) => status)).toEqual(['failed', 'answered']);
  });

  it('is told as an error, not as a stream, where there is no other', async () => {
    for (const mock of replicas()) mock.behaviour = { kind: 'raw', type: 'text/event-stream', body: error };
    const response = await ask();
    expect([response.status, response.headers.get('content-type')]).toEqual([502, 'application/json']);
    expect(await response.text()).toContain('out of memory');
    expect((await weir.recordOf(response)).outcome).toMatchObject({ status: 'failed', error: 'upstream.status' });
  });
});
