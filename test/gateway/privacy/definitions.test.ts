import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type MockUpstream, startMockUpstream } from '../../support/mock-upstream.js';
import { type RunningGateway, startGateway } from '../../support/running-gateway.js';

type Json = Record<string, unknown>;
const MAIL = 'anna@example.org';
const CARD = '4111 1111 1111 1111';
const raw = (type: string, body: string) => ({ kind: 'raw' as const, type, body });
const whole = (body: object) => raw('application/json', JSON.stringify(body));
const events = (list: readonly Json[], named: boolean, last = '') =>
  raw(
    'text/event-stream',
    list.map(one => `${named ? `event: ${one.type}\n` : ''}data: ${JSON.stringify(one)}\n\n`).join('') + last,
  );
const piecesOf = (text: string) => text.match(/[\s\S]{1,4}/g) ?? [];

/** What each engine calls the tool with: the first value that the tool's schema allows. */
const chosen = (schema: unknown) =>
  JSON.stringify({ to: (schema as { properties: { to: { enum: string[] } } }).properties.to.enum[0] });

function chatEngine(body: Json) {
  const [tool] = body.tools as { function: { parameters: unknown } }[];
  const args = chosen(tool!.function.parameters);
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  const call = { id: 'c', type: 'function', function: { name: 'send', arguments: args } };
  const message = { role: 'assistant', content: null, tool_calls: [call] };
  if (body.stream !== true)
    return whole({ object: 'chat.completion', choices: [{ index: 0, message, finish_reason: 'tool_calls' }], usage });
  const chunk = (delta: object, finish: string | null = null) => ({
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  const first = { ...call, index: 0, function: { name: 'send', arguments: '' } };
  const deltas = piecesOf(args).map(piece => chunk({ tool_calls: [{ index: 0, function: { arguments: piece } }] }));
  return events([chunk({ tool_calls: [first] }), ...deltas, chunk({}, 'tool_calls')], false, 'data: [DONE]\n\n');
}

function messagesEngine(body: Json) {
  const [tool] = body.tools as { input_schema: unknown }[];
  const args = chosen(tool!.input_schema);
  const usage = { input_tokens: 1, output_tokens: 1 };
  const block = { type: 'tool_use', id: 'toolu_1', name: 'send', input: {} };
  const head = { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', usage };
  if (body.stream !== true)
    return whole({ ...head, content: [{ ...block, input: JSON.parse(args) }], stop_reason: 'tool_use' });
  return events(
    [
      { type: 'message_start', message: { ...head, content: [], stop_reason: null } },
      { type: 'content_block_start', index: 0, content_block: block },
      ...piecesOf(args).map(piece => ({
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'input_json_delta', partial_json: piece },
      })),
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 1 } },
      { type: 'message_stop' },
    ],
    true,
  );
}

/** Repeats its request's definitions, as OpenAI does. */
function responsesEngine(body: Json) {
  const { tools, text } = body;
  const args = chosen((tools as { parameters: unknown }[])[0]!.parameters);
  const item = { type: 'function_call', id: 'fc_1', call_id: 'c', name: 'send', status: 'completed', arguments: args };
  const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 };
  const response = { id: 'resp_1', object: 'response', model: 'm', status: 'completed', tools, text, usage };
  if (body.stream !== true) return whole({ ...response, output: [item] });
  const place = { output_index: 0, item_id: 'fc_1' };
  return events(
    [
      { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
      { type: 'response.output_item.added', output_index: 0, item: { ...item, arguments: '' } },
      ...piecesOf(args).map(delta => ({ type: 'response.function_call_arguments.delta', ...place, delta })),
      { type: 'response.function_call_arguments.done', ...place, arguments: args },
      { type: 'response.output_item.done', output_index: 0, item },
      { type: 'response.completed', response: { ...response, output: [item] } },
    ],
    true,
  );
}

const APIS = ['chat', 'messages', 'responses'] as const;
type Api = (typeof APIS)[number];

const schema = {
  type: 'object',
  description: `Ask ${MAIL} if unsure`,
  properties: { to: { type: 'string', enum: [MAIL, 'nobody'], default: MAIL }, [MAIL]: { type: 'string' } },
  required: ['to'],
};
const described = { name: 'send', description: `Sends, as ${MAIL} does` };
const form = { type: 'json_schema', schema: { type: 'object', properties: { by: { const: MAIL } } } };

const ASKED: Record<Api, { path: string; body: Json }> = {
  chat: {
    path: '/v1/chat/completions',
    body: {
      messages: [{ role: 'user', name: 'anna_k', content: 'hello' }],
      tools: [{ type: 'function', function: { ...described, parameters: schema } }],
    },
  },
  messages: {
    path: '/v1/messages',
    body: {
      max_tokens: 9,
      messages: [{ role: 'user', content: 'hello' }],
      tools: [{ ...described, input_schema: schema }],
      output_config: { format: form },
    },
  },
  responses: {
    path: '/v1/responses',
    body: {
      input: 'hello',
      tools: [{ type: 'function', ...described, parameters: schema }],
      text: { format: { ...form, name: 'f' } },
    },
  },
};

/** The arguments that a tool is called with in an answer, from however many pieces. */
async function calledWith(api: Api, response: Response, stream: boolean): Promise<unknown> {
  const text = await response.text();
  if (!stream) {
    const answer = JSON.parse(text);
    if (api === 'chat') return JSON.parse(answer.choices[0].message.tool_calls[0].function.arguments);
    return api === 'messages' ? answer.content[0].input : JSON.parse(answer.output[0].arguments);
  }
  const list = text.split('\n').flatMap(line => (line.startsWith('data: {') ? [JSON.parse(line.slice(6))] : []));
  const args = list.map(event => {
    if (api === 'chat') return event.choices[0]?.delta.tool_calls?.[0]?.function.arguments ?? '';
    if (api === 'messages') return event.delta?.partial_json ?? '';
    return event.type === 'response.function_call_arguments.delta' ? event.delta : '';
  });
  return JSON.parse(args.join(''));
}

let engines: Record<Api, MockUpstream>;
let weir: RunningGateway;
let open: RunningGateway;

beforeAll(async () => {
  engines = {
    chat: await startMockUpstream(chatEngine),
    messages: await startMockUpstream(messagesEngine),
    responses: await startMockUpstream(responsesEngine),
  };
  const configured = (more: string) => `
router:
  privacy: { kinds: { email: mask, card: block, person: mask }${more} }
pool:
  models: { chat: {}, messages: {}, responses: {} }
  pools:
    chat: { model: chat, api: openai, health: false, replicas: ["${engines.chat.url}"] }
    messages: { model: messages, api: anthropic, health: false, replicas: ["${engines.messages.url}"] }
    responses: { model: responses, api: responses, health: false, replicas: ["${engines.responses.url}"] }
`;
  weir = await startGateway(configured(''));
  open = await startGateway(configured(', tools: false'));
});

afterAll(async () => {
  await weir.close();
  await open.close();
  for (const engine of Object.values(engines)) await engine.close();
});

beforeEach(() => {
  for (const { seen } of Object.values(engines)) seen.length = 0;
});

function ask(to: RunningGateway, api: Api, more: object): Promise<Response> {
  const { path, body } = ASKED[api];
  return fetch(`${to.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...body, ...more }),
  });
}

/** A request without the keys of schemas: those are never masked. */
const textsOf = (body: unknown) => JSON.stringify(body).replaceAll(`"${MAIL}":`, '');

describe('definitions of tools and answers', () => {
  it.each(APIS.flatMap(api => APIS.flatMap(model => [false, true].map(stream => ({ api, model, stream })))))(
    'go masked, and what is called by them comes back as it was: $api by $model, streamed $stream',
    async ({ api, model, stream }) => {
      const response = await ask(weir, api, { model, stream });
      expect(response.status).toBe(200);
      const { stages } = await weir.recordOf(response);
      expect(await calledWith(api, response, stream)).toEqual({ to: MAIL });
      const sent = engines[model].seen[0]!.body;
      expect(textsOf(sent)).not.toContain(MAIL);
      const placeholders = new Set(
        JSON.stringify(sent).match(/\[EMAIL_[a-z2-7]{8}\]|email_[a-z2-7]{8}@masked\.invalid/g),
      );
      expect(placeholders.size).toBe(1);
      // Names of tools and keys of schemas are what the client's program knows them by.
      expect(JSON.stringify(sent)).toContain('"name":"send"');
      expect(JSON.stringify(sent)).toContain(`"${MAIL}":{"type":"string"}`);
      expect(stages).toContainEqual(
        expect.objectContaining({ stage: 'privacy', note: expect.stringMatching(/^masked email \d/) }),
      );
    },
  );

  it.each([false, true])('are repeated as the client wrote them, streamed %s', async stream => {
    const response = await ask(weir, 'responses', { model: 'responses', stream });
    const text = await response.text();
    const told = stream
      ? text.split('\n').flatMap(line => (line.startsWith('data: {') ? [JSON.parse(line.slice(6)).response] : []))
      : [JSON.parse(text)];
    const { tools, text: said } = ASKED.responses.body;
    const repeating = told.filter(one => one !== undefined);
    expect(repeating).toHaveLength(stream ? 2 : 1);
    for (const one of repeating) expect(one).toMatchObject({ tools, text: said });
  });

  it('block where they hold what is to be blocked, and stay unread where the configuration says so', async () => {
    const tools = [
      { type: 'function', function: { ...described, description: `Pays by ${CARD}`, parameters: schema } },
    ];
    const refused = await ask(weir, 'chat', { model: 'chat', tools });
    expect([refused.status, engines.chat.seen.length]).toEqual([403, 0]);
    const passed = await ask(open, 'chat', { model: 'chat', tools });
    expect(passed.status).toBe(200);
    expect(engines.chat.seen[0]!.body).toMatchObject({ tools });
  });

  it('name what the messages name by the same placeholder, also where no word around it tells what it is', async () => {
    const name = 'Peter';
    const to = { type: 'string', enum: [name, 'nobody'] };
    const parameters = { type: 'object', properties: { to } };
    const response = await ask(weir, 'chat', {
      model: 'chat',
      messages: [{ role: 'user', content: `My name is ${name} and I live here.` }],
      tools: [{ type: 'function', function: { name: 'send', parameters } }],
    });
    expect(await calledWith('chat', response, false)).toEqual({ to: name });
    const placeholders = JSON.stringify(engines.chat.seen[0]!.body).match(/\[PERSON_[a-z2-7]{8}\]/g);
    expect(placeholders).toHaveLength(2);
    expect(new Set(placeholders).size).toBe(1);
  });
});

describe('names of authors', () => {
  it.each([false, true])('go as placeholders that a name may be, and come back, streamed %s', async stream => {
    const { behaviour } = engines.chat;
    engines.chat.behaviour = body => {
      const [{ name }] = body.messages as [{ name: string }];
      const content = `So, ${name}, [${name}] it is`;
      if (body.stream !== true)
        return whole({
          object: 'chat.completion',
          choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
        });
      const chunk = (delta: object, finish: string | null) => ({
        object: 'chat.completion.chunk',
        choices: [{ index: 0, delta, finish_reason: finish }],
      });
      return events(
        [...piecesOf(content).map(piece => chunk({ content: piece }, null)), chunk({}, 'stop')],
        false,
        'data: [DONE]\n\n',
      );
    };
    const response = await ask(weir, 'chat', { model: 'chat', stream, tools: undefined });
    const text = await response.text();
    engines.chat.behaviour = behaviour;
    const said = stream
      ? text
          .split('\n')
          .flatMap(line =>
            line.startsWith('data: {') ? [JSON.parse(line.slice(6)).choices[0].delta.content ?? ''] : [],
          )
          .join('')
      : JSON.parse(text).choices[0].message.content;
    expect(said).toBe('So, anna_k, anna_k it is');
    expect(engines.chat.seen[0]!.body).toMatchObject({
      messages: [{ name: expect.stringMatching(/^PERSON_[a-z2-7]{8}$/) }],
    });
  });
});
