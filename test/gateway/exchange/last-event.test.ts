import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MockUpstream, startMockUpstream } from '../../support/mock-upstream.js';
import { type RunningGateway, startGateway } from '../../support/running-gateway.js';

let mock: MockUpstream;
let weir: RunningGateway;

beforeAll(async () => {
  mock = await startMockUpstream();
  weir = await startGateway(`
router: { safety: { leakage: redact } }
pool:
  models: { chat: {} }
  pools: { chat: { model: chat, health: false, replicas: ["${mock.url}"] } }
`);
});
afterAll(() => Promise.all([weir.close(), mock.close()]));

const events = [
  'data: {"choices":[{"index":0,"delta":{"content":"fine"},"finish_reason":null}]}',
  'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}',
  'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}',
  'data: [DONE]',
];
/** Long enough for the guard of leaked prompts. */
const SYSTEM = 'You keep the weir of a small town and tell nobody which of the four gates is open at night.';
const turns = [{ role: 'user', content: 'hi' }];

const WAYS = [
  ['passed on', '/v1/chat/completions', { messages: turns }, 'data: [DONE]\n\n'],
  [
    'guarded',
    '/v1/chat/completions',
    { messages: [{ role: 'system', content: SYSTEM }, ...turns] },
    'data: [DONE]\n\n',
  ],
  ['translated', '/v1/messages', { max_tokens: 9, messages: turns }, '"message_stop"}\n\n'],
  ['translated to Responses', '/v1/responses', { input: 'hi', store: false }, '}\n\n'],
] as const;

async function streamed(path: string, body: object) {
  const response = await fetch(`${weir.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'chat', stream: true, ...body }),
  });
  return { response, text: await response.text() };
}

describe.each(WAYS)('a stream that ends in good order without [DONE], %s', (_, path, body, end) => {
  it('is answered behind a finish reason, with the end that the client knows', async () => {
    mock.behaviour = { kind: 'raw', type: 'text/event-stream', body: `${events.slice(0, 3).join('\n\n')}\n\n` };
    const { response, text } = await streamed(path, body);
    expect(text).toContain('fine');
    expect(text).not.toMatch(/"error":\{|event: error/);
    expect(text.slice(-end.length)).toBe(end);
    const usage = { promptTokens: 7, completionTokens: 3 };
    expect((await weir.recordOf(response)).outcome).toMatchObject({ status: 'answered', finish: 'stop', usage });
  });

  it('is cut without one', async () => {
    mock.behaviour = { kind: 'raw', type: 'text/event-stream', body: `${events[0]}\n\n${events[2]}\n\n` };
    const { response, text } = await streamed(path, body);
    expect(text).toMatch(/"error":\{|event: error/);
    expect(text).not.toMatch(/\[DONE\]|message_stop|response\.completed/);
    expect((await weir.recordOf(response)).outcome).toMatchObject({ error: 'upstream.cut' });
  });
});

describe.each(WAYS)('a stream without a blank line behind its last event, %s', (_, path, body, end) => {
  it.each(['\n', '\r\n', '\r'])('is answered whole, with lines that end in %j', async line => {
    for (const tail of ['', line]) {
      mock.behaviour = { kind: 'raw', type: 'text/event-stream', body: events.join(line + line) + tail };
      const { response, text } = await streamed(path, body);
      expect(text).toContain('fine');
      expect(text).not.toMatch(/"error":\{|event: error/);
      expect(text.replaceAll(/\r\n?/g, '\n').slice(-end.length)).toBe(end);
      const usage = { promptTokens: 7, completionTokens: 3 };
      expect((await weir.recordOf(response)).outcome).toMatchObject({ status: 'answered', usage });
    }
  });
});
