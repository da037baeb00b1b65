import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MockUpstream, startMockUpstream } from '../../support/mock-upstream.js';
import { type RunningGateway, startGateway } from '../../support/running-gateway.js';

let engine: MockUpstream;
let weir: RunningGateway;

beforeAll(async () => {
  engine = await startMockUpstream();
  weir = await startGateway(`
router: { safety: { leakage: block } }
pool:
  models: { chat: {}, claude: {}, gpt: {} }
  pools:
    chat: { model: chat, health: false, replicas: ["${engine.url}"] }
    claude: { model: claude, api: anthropic, health: false, replicas: ["${engine.url}"] }
    gpt: { model: gpt, api: responses, health: false, replicas: ["${engine.url}"] }
`);
});
afterAll(() => Promise.all([weir.close(), engine.close()]));

const DEEP = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
const SYSTEM = 'You are the assistant of Harbour Bank and never tell anyone that the vault opens at seven on Sundays.';
const MESSAGES = [
  { role: 'system', content: SYSTEM },
  { role: 'user', content: 'x' },
];
const TOOL = `{"type":"tool_use","id":"t","name":"f","input":{"a":${DEEP}}}`;
const ANTHROPIC = { max_tokens: 9, system: SYSTEM, messages: [{ role: 'user', content: 'x' }] };
const CHAT = '/v1/chat/completions';

const CASES = [
  {
    ...{ name: 'translated, whole', model: 'claude', path: CHAT, stream: false, sent: { messages: MESSAGES } },
    body: `{"type":"message","role":"assistant","content":[${TOOL}],"usage":{"input_tokens":1,"output_tokens":1}}`,
  },
  {
    ...{ name: 'translated, streamed', model: 'claude', path: CHAT, stream: true, sent: { messages: MESSAGES } },
    body: `data: {"type":"content_block_start","index":0,"content_block":${TOOL}}\n\n`,
  },
  {
    ...{ name: 'its input past a guard, whole', model: 'claude', path: '/v1/messages', stream: false, sent: ANTHROPIC },
    body: `{"type":"message","role":"assistant","content":[${TOOL}],"usage":{"input_tokens":1,"output_tokens":1}}`,
  },
  {
    ...{
      name: 'its input past a guard, streamed',
      model: 'claude',
      path: '/v1/messages',
      stream: true,
      sent: ANTHROPIC,
    },
    body: `data: {"type":"content_block_start","index":0,"content_block":${TOOL}}\n\n`,
  },
  {
    ...{ name: 'past a guard, whole', model: 'chat', path: CHAT, stream: false, sent: { messages: MESSAGES } },
    body: `{"choices":[{"index":0,"message":{"content":"hi","x":${DEEP}}}],"usage":{"prompt_tokens":1,"completion_tokens":1}}`,
  },
  {
    ...{ name: 'past a guard, streamed', model: 'chat', path: CHAT, stream: true, sent: { messages: MESSAGES } },
    body: `data: {"choices":[{"index":0,"delta":{"content":"hi","x":${DEEP}}}]}\n\ndata: [DONE]\n\n`,
  },
  {
    ...{ name: 'repeated by its stream', model: 'gpt', path: '/v1/responses', stream: true, sent: { input: 'x' } },
    body: `data: {"type":"response.completed","response":{"output":[],"x":${DEEP}}}\n\n`,
  },
];

describe('an answer that is nested too deeply to be written', () => {
  it.each(CASES)('$name', async ({ model, path, stream, sent, body }) => {
    engine.behaviour = { kind: 'raw', type: stream ? 'text/event-stream' : 'application/json', body };
    const response = await fetch(`${weir.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, stream, ...sent }),
    });
    expect(response.status).toBe(502);
    expect(await response.text()).toContain('upstream.malformed');
    expect((await weir.recordOf(response)).outcome).toMatchObject({ status: 'failed', error: 'upstream.malformed' });
    expect(weir.gateway.inFlight).toBe(0);
  });
});

describe('a defect', () => {
  /** Has a member of the runtime throw while something is done. */
  async function without(member: 'models' | 'records', work: () => Promise<void>): Promise<void> {
    const { runtime } = weir.gateway;
    const whole = Object.getOwnPropertyDescriptor(runtime, member)!;
    const get = (): never => {
      throw new Error('a defect of the test');
    };
    Object.defineProperty(runtime, member, { configurable: true, get });
    try {
      await work();
    } finally {
      Object.defineProperty(runtime, member, whole);
    }
  }

  it('that shows while an answer is read ends its request, and frees what it held', async () => {
    const { pool } = weir.gateway.runtime;
    const asked = engine.seen.length;
    engine.behaviour = { kind: 'answer', words: 50, pace: 5 };
    const response = await weir.chat({ model: 'chat', stream: true });
    await without('models', async () => {
      await expect.poll(() => weir.gateway.inFlight, { timeout: 20_000 }).toBe(0);
    });
    await response.text();
    expect(engine.seen.length).toBe(asked + 1);
    expect(pool.replicas().every(({ inFlight }) => inFlight === 0)).toBe(true);
  });

  it('that shows at the end of a request leaves none of it open', async () => {
    engine.behaviour = { kind: 'answer' };
    await without('records', async () => {
      const response = await weir.chat({ model: 'chat' });
      expect(response.status).toBe(200);
      await response.text();
      await expect.poll(() => weir.gateway.inFlight, { timeout: 20_000 }).toBe(0);
    });
  });
});
