import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SYSTEM } from '#identity/identity.js';
import { type MockUpstream, startMockUpstream } from '../../support/mock-upstream.js';
import { type RunningGateway, startGateway } from '../../support/running-gateway.js';

let engine: MockUpstream;
let weir: RunningGateway;

const start = async (unreported: string) => {
  weir = await startGateway(`
pool:
  models: { chat: { price: { prompt: 1, completion: 2 } }, claude: { price: { prompt: 1, completion: 2, cached: 0.5 } } }
  pools:
    chat: { model: chat, health: false, stream_usage: false, replicas: ["${engine.url}"] }
    claude: { model: claude, health: false, api: anthropic, replicas: ["${engine.url}"] }
gateway: { auth: { required: true, admin_key: an-admin-key-of-the-test, unreported: ${unreported} } }
`);
};

beforeEach(async () => {
  engine = await startMockUpstream();
});
afterEach(() => Promise.all([weir.close(), engine.close()]));

async function keyed() {
  const { governance, accounts } = weir.gateway.runtime.identity!;
  const { secret, key } = await governance.createKey(SYSTEM, { name: 'k', budgets: [{ amount: 1, window: 'day' }] });
  const [meter] = accounts.of('key', key.id).meters;
  return { headers: { authorization: `Bearer ${secret}` }, spent: () => meter!.spent(Date.now()) };
}

const event = (data: { readonly type: string; readonly [key: string]: unknown }) =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
const STARTED = { input_tokens: 700, cache_read_input_tokens: 300, output_tokens: 1 };
const said = (text: string) => event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } });
const BEGUN =
  event({ type: 'message_start', message: { role: 'assistant', content: [], usage: STARTED } }) +
  event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } });

describe('what an engine never came to report', () => {
  it('is a token an event, however its stream is cut into pieces', async () => {
    await start('estimate');
    const { headers } = await keyed();
    engine.behaviour = { kind: 'answer', words: 60, pace: 1 };
    const response = await weir.chat({ model: 'chat', stream: true }, { headers });
    expect(await response.text()).toContain('[DONE]');
    const { outcome } = await weir.recordOf(response);
    expect(outcome.status).toBe('answered');
    expect(outcome.unreported!.completionTokens).toBeGreaterThanOrEqual(60);
    expect(outcome.unreported!.completionTokens).toBeLessThanOrEqual(66);
  });

  it.each([
    ['estimate', 43],
    ['free', 1],
  ])('of an Anthropic answer is not taken for the one token that it begins with (%s)', async (unreported, tokens) => {
    await start(unreported);
    const { headers, spent } = await keyed();
    const words = Array.from({ length: 40 }, (_, at) => said(`word${at} `)).join('');
    engine.behaviour = { kind: 'raw', type: 'text/event-stream', body: BEGUN + words };
    const response = await fetch(`${weir.url}/v1/messages`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'claude',
        max_tokens: 500,
        stream: true,
        messages: [{ role: 'user', content: 'hi' }],
      }),
    });
    expect(await response.text()).toContain('event: error');
    const { outcome } = await weir.recordOf(response);
    expect(outcome.status).toBe('cut');
    expect(outcome.usage).toBeUndefined();
    const { promptTokens, cachedTokens, completionTokens } = outcome.unreported!;
    expect([promptTokens, cachedTokens]).toEqual([1000, 300]);
    expect(Math.abs(completionTokens - tokens)).toBeLessThanOrEqual(tokens === 1 ? 0 : 2);
    expect(spent()).toBe((700 + 150 + 2 * completionTokens) * 1000);
  });

  it('of an Anthropic answer that was counted before it broke off is what was counted', async () => {
    await start('estimate');
    const { headers, spent } = await keyed();
    const end = event({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } });
    engine.behaviour = { kind: 'raw', type: 'text/event-stream', body: BEGUN + said('hello') + end };
    const response = await fetch(`${weir.url}/v1/messages`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'claude',
        max_tokens: 500,
        stream: true,
        messages: [{ role: 'user', content: 'hi' }],
      }),
    });
    expect(await response.text()).toContain('event: error');
    expect((await weir.recordOf(response)).outcome.usage).toMatchObject({ promptTokens: 1000, completionTokens: 9 });
    expect(spent()).toBe((700 + 150 + 18) * 1000);
  });
});
