import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SYSTEM } from '#identity/identity.js';
import { type MockUpstream, startMockUpstream } from '../support/mock-upstream.js';
import { type RunningGateway, startGateway } from '../support/running-gateway.js';

const EMPTY = JSON.stringify({
  ...{ id: 'resp_empty', object: 'response', status: 'incomplete', output: [] },
  incomplete_details: { reason: 'max_output_tokens' },
  usage: { input_tokens: 1, output_tokens: 16, total_tokens: 17 },
});

let chat: MockUpstream;
let native: MockUpstream;
let gateway: RunningGateway;
const keys: string[] = [];

beforeAll(async () => {
  chat = await startMockUpstream();
  native = await startMockUpstream({ kind: 'raw', type: 'application/json', body: EMPTY });
  const pool = (url: string) => `health: false, replicas: ["${url}"]`;
  gateway = await startGateway(`
router: { decisions: [{ name: default, when: otherwise, models: [chat], select: static }] }
pool:
  models: { chat: { context: 32k }, native: { context: 32k } }
  pools:
    c: { model: chat, ${pool(chat.url)} }
    n: { model: native, api: responses, ${pool(native.url)} }
gateway: { auth: { required: true, admin_key: an-admin-key-of-the-test } }
`);
  const { governance } = gateway.gateway.runtime.identity!;
  for (const name of ['ada', 'eve']) keys.push((await governance.createKey(SYSTEM, { name })).secret);
});
beforeEach(() => {
  chat.seen.length = 0;
  native.seen.length = 0;
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([chat.close(), native.close()]);
});

/** What is looked at of the answers. */
interface Said {
  readonly id: string;
  readonly output: readonly [{ readonly id: string; readonly content: readonly [{ readonly text: string }] }];
  readonly data: readonly object[];
  readonly error: { readonly code: string };
}

async function call(path: string, body?: object, key = keys[0], method = body === undefined ? 'GET' : 'POST') {
  const response = await fetch(`${gateway.url}/v1/responses${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? undefined : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Said };
}

const user = (content: string) => ({ role: 'user', content });

describe('a conversation that refers to what was said before', () => {
  it('goes on from the items themselves, at any engine, and is stored with them', async () => {
    const first = (await call('', { model: 'chat', input: 'Hello?' })).body;
    const { id, content } = first.output[0];
    const input = [user('Hello?'), { type: 'item_reference', id }, user('And then?')];
    const second = await call('', { model: 'chat', input });
    expect(second.status).toBe(200);
    expect(chat.seen.at(-1)?.body.messages).toEqual([
      user('Hello?'),
      { role: 'assistant', content: content[0].text },
      user('And then?'),
    ]);
    const items = (await call(`/${second.body.id}/input_items?order=asc`)).body.data;
    expect(items[1]).toMatchObject({ type: 'message', role: 'assistant', content });
    await call('', { model: 'native', input });
    expect(native.seen.at(-1)?.body.input).toEqual([
      user('Hello?'),
      { type: 'message', status: 'completed', role: 'assistant', content },
      user('And then?'),
    ]);
  });

  it('goes to no engine that would answer without what is missing', async () => {
    const first = (await call('', { model: 'chat', input: 'Hello?' })).body;
    const { id } = first.output[0];
    const asked = { model: 'chat', input: [{ type: 'item_reference', id }, user('And then?')] };
    const bodies = [
      [asked, keys[1]],
      [{ ...asked, input: [{ type: 'item_reference', id: 'msg_elsewhere' }] }, keys[0]],
      [{ model: 'chat', input: 'Hi', prompt: { id: 'pmpt_1' } }, keys[0]],
      [{ model: 'chat', input: 'Hi', conversation: 'conv_1' }, keys[0]],
    ] as const;
    for (const [body, key] of bodies) {
      const refused = await call('', body, key);
      expect([refused.status, refused.body.error.code]).toEqual([400, 'request.unsupported']);
    }
    expect(chat.seen).toHaveLength(1);
    await call('', { model: 'native', input: asked.input }, keys[1]);
    expect(native.seen.at(-1)?.body.input).toEqual(asked.input);
  });
});

it('what a response was asked with is told although the one before it is gone', async () => {
  const first = (await call('', { model: 'chat', input: 'one' })).body;
  const second = (await call('', { model: 'chat', input: 'two', previous_response_id: first.id })).body;
  await call(`/${first.id}`, undefined, keys[0], 'DELETE');
  expect((await call(`/${second.id}/input_items`)).body.data).toMatchObject([{ content: [{ text: 'two' }] }]);
  expect((await call(`/${second.id}/input_items`, undefined, keys[1])).status).toBe(404);
});

it('an engine is never asked to go on from a response that Weir has, though nothing was said in it', async () => {
  const empty = (await call('', { model: 'native', input: [] })).body;
  await call('', { model: 'native', input: 'Go on', previous_response_id: empty.id });
  expect(native.seen.at(-1)?.body).toMatchObject({ previous_response_id: null, input: [user('Go on')] });
});
