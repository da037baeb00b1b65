import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type MockUpstream, startMockUpstream } from '../../support/mock-upstream.js';
import { type RunningGateway, startGateway } from '../../support/running-gateway.js';

const json = (body: object) => ({ kind: 'raw' as const, type: 'application/json', body: JSON.stringify(body) });
const ANSWERS = {
  chat: json({
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  }),
  messages: json({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'm',
    content: [{ type: 'text', text: 'hi' }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 1, output_tokens: 1 },
  }),
  responses: json({
    id: 'resp_1',
    object: 'response',
    status: 'completed',
    model: 'm',
    output: [
      {
        type: 'message',
        id: 'msg_1',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: 'hi', annotations: [] }],
      },
    ],
    usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
  }),
};
type Api = keyof typeof ANSWERS;

/** Answers as OpenAI does, which repeats what it was asked, at the beginning of a stream and at its end. */
function repeating({ metadata, user, safety_identifier, instructions, stream }: Record<string, unknown>) {
  const asked = { metadata, user, safety_identifier, instructions };
  const response = { ...JSON.parse(ANSWERS.responses.body), ...asked };
  if (stream !== true) return json(response);
  const event = (type: string, given: object) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, response: given })}\n\n`;
  const begun = event('response.created', { ...response, output: [] });
  return { kind: 'raw' as const, type: 'text/event-stream', body: begun + event('response.completed', response) };
}

let engines: Record<Api, MockUpstream>;
let weir: RunningGateway;

beforeAll(async () => {
  engines = {
    chat: await startMockUpstream(() => ANSWERS.chat),
    messages: await startMockUpstream(() => ANSWERS.messages),
    responses: await startMockUpstream(repeating),
  };
  weir = await startGateway(`
router:
  privacy: { kinds: { email: mask, card: block } }
  safety: { rules: { disguise: redact } }
pool:
  models: { chat: {}, messages: {}, responses: {} }
  pools:
    chat: { model: chat, api: openai, health: false, replicas: ["${engines.chat.url}"] }
    messages: { model: messages, api: anthropic, health: false, replicas: ["${engines.messages.url}"] }
    responses: { model: responses, api: responses, health: false, replicas: ["${engines.responses.url}"] }
`);
});

afterAll(async () => {
  await weir.close();
  for (const engine of Object.values(engines)) await engine.close();
});

beforeEach(() => {
  for (const { seen } of Object.values(engines)) seen.length = 0;
});

const APIS = [
  ['chat', '/v1/chat/completions', { messages: [{ role: 'user', content: 'hello' }] }],
  ['messages', '/v1/messages', { max_tokens: 9, messages: [{ role: 'user', content: 'hello' }] }],
  ['responses', '/v1/responses', { input: 'hello' }],
] as const;
const MAIL = 'anna@example.org';
const NESTED = { metadata: { ticket: { by: [{ mail: MAIL }] } } };
const LONG = { metadata: { story: `${'So it goes. '.repeat(200)} ${MAIL}` } };
const NAMING = 'masked what names the user';
const BESIDE = [
  ['chat', 'metadata', { metadata: { owner: MAIL } }, 'masked email 1'],
  ['chat', 'nested metadata', NESTED, 'masked email 1'],
  ['chat', 'long metadata', LONG, 'masked email 1'],
  ['chat', 'user', { user: MAIL }, NAMING],
  ['chat', 'safety_identifier', { safety_identifier: MAIL }, NAMING],
  ['chat', 'safety_identifier beside user', { user: 'u1', safety_identifier: MAIL }, NAMING],
  ['chat', 'a prediction', { prediction: { type: 'content', content: MAIL } }, 'masked email 1'],
  ['messages', 'nested metadata', NESTED, 'masked email 1'],
  ['messages', 'long metadata', LONG, 'masked email 1'],
  ['messages', 'metadata.user_id', { metadata: { user_id: MAIL } }, NAMING],
  ['responses', 'metadata', { metadata: { owner: MAIL } }, 'masked email 1'],
  ['responses', 'nested metadata', NESTED, 'masked email 1'],
  ['responses', 'long metadata', LONG, 'masked email 1'],
  ['responses', 'user', { user: MAIL }, NAMING],
  ['responses', 'safety_identifier', { safety_identifier: MAIL }, NAMING],
  ['responses', 'safety_identifier beside user', { user: 'u1', safety_identifier: MAIL }, NAMING],
] as const;

/** Asks a model whose engines speak one API in another, with members beside the least that it takes. */
async function askIn(api: Api, model: Api, more: object): Promise<Response> {
  const [, path, body] = APIS.find(([name]) => name === api)!;
  return fetch(`${weir.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, ...body, ...more }),
  });
}

describe('what stands beside the messages', () => {
  it.each(BESIDE)('is masked, of %s: %s', async (api, _, more, note) => {
    for (const model of ['chat', 'messages', 'responses'] as const) {
      const { seen } = engines[model];
      seen.length = 0;
      const response = await askIn(api, model, more);
      expect(response.status).toBe(200);
      const record = await weir.recordOf(response);
      const sent = JSON.stringify(seen[0]?.body);
      expect(sent).not.toContain(MAIL);
      // An engine of the same API is sent all of it, one of another what that has a word for.
      if (model === api) expect(sent).toMatch(/\[EMAIL_[a-z2-7]{8}\]/);
      expect(record.stages).toContainEqual(expect.objectContaining({ stage: 'privacy', note }));
    }
  });

  it.each(APIS)('blocks where it is to block, however deep, but never by what names the user: %s', async api => {
    const card = '4111 1111 1111 1111';
    const refused = await askIn(api, api, { metadata: { paid: { with: [card] } } });
    expect([refused.status, engines[api].seen.length]).toEqual([403, 0]);
    const named = await askIn(api, api, api === 'messages' ? { metadata: { user_id: card } } : { user: card });
    expect([named.status, engines[api].seen.length]).toEqual([200, 1]);
  });

  it('leaves out what safety rules took out, also where something is masked', async () => {
    const content = `w\u200br\u200bi\u200bt\u200be to ${MAIL}`;
    const response = await weir.chat({ model: 'chat', messages: [{ role: 'user', content }] });
    expect(response.status).toBe(200);
    const sent = JSON.stringify(engines.chat.seen[0]?.body);
    expect(sent).toMatch(/write to \[EMAIL_[a-z2-7]{8}\]/);
  });

  it.each([
    ['whole by an engine of the same API', 'responses', false],
    ['streamed by an engine of the same API', 'responses', true],
    ['whole by an engine of another', 'chat', false],
  ] as const)('is repeated in a Responses answer as the client wrote it, %s', async (_, model, stream) => {
    const said = { metadata: { owner: MAIL }, user: `by ${MAIL}`, instructions: 'Be short.' };
    const response = await askIn('responses', model, { ...said, input: `write to ${MAIL}`, stream });
    const text = await response.text();
    expect(JSON.stringify(engines[model].seen[0]?.body)).not.toContain(MAIL);
    const told = stream
      ? text.split('\n').flatMap(line => (line.startsWith('data: {') ? [JSON.parse(line.slice(6)).response] : []))
      : [JSON.parse(text)];
    expect(told).toHaveLength(stream ? 2 : 1);
    for (const one of told) expect(one).toMatchObject(said);
  });
});
