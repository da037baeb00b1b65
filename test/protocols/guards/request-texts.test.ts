import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '#protocols/anthropic/messages.js';
import { openaiChat } from '#protocols/openai/chat.js';
import { openaiCompletions } from '#protocols/openai/completions.js';
import { openaiEmbeddings } from '#protocols/openai/embeddings.js';
import type { Inbound, Protocol } from '#protocols/protocol.js';
import { openaiCompaction } from '#protocols/responses/compaction.js';
import { openaiResponses } from '#protocols/responses/responses.js';

const CALLER = { headers: {}, address: '127.0.0.1' };

function sent(protocol: Protocol, body: string): string {
  const inbound = protocol.read(Buffer.from(body), { id: 'id', arrivedAt: 0, caller: CALLER });
  expectSameTexts(inbound);
  const rewritten = inbound.rewritten!((text, as) =>
    as === 'arguments' ? text.replaceAll('Ann', 'N1') : text.replaceAll('Ann', 'N2'),
  );
  return rewritten.bodyFor('m', {}, false).toString('utf8');
}

/** What is told of a request's texts is what a change of them is asked for. */
function expectSameTexts(inbound: Inbound): void {
  const asked: [string, string][] = [];
  try {
    inbound.rewritten!((text, as) => {
      asked.push([text, as]);
      return text;
    });
  } catch {
    return; // It cannot be changed.
  }
  expect(new Set(inbound.sentTexts().map(({ text, as }) => `${as} ${text}`))).toEqual(
    new Set(asked.map(([text, as]) => `${as} ${text}`)),
  );
  expect(inbound.sentTexts()).toHaveLength(asked.length);
}

describe('texts of requests on their way to the engine', () => {
  it('changes every text of a chat, and nothing else', () => {
    const body = `{"seed":12345678901234567890,"model":"m","messages":[
      {"role":"system","content":"You help Ann"},
      {"role":"user","name":"Ann","content":[{"type":"text","text":"I am Ann"},{"type":"image_url","image_url":{"url":"http://Ann"}}]},
      {"role":"assistant","content":null,"tool_calls":[{"id":"Ann","type":"function","function":{"name":"Ann","arguments":"{\\"to\\":\\"Ann\\"}"}},
        {"id":"2","type":"custom","custom":{"name":"Ann","input":"Ann"}}]},
      {"role":"tool","name":"Ann","tool_call_id":"Ann","content":"Ann found"},{"role":"function","name":"Ann","content":"Ann"}],"prompt_cache_key":"Ann","user":"Ann","metadata":{"Ann":"Ann"}}`;
    const out = sent(openaiChat, body);
    expect(out).toContain('"seed":12345678901234567890,');
    expect(JSON.parse(out)).toMatchObject({
      messages: [
        { content: 'You help N2' },
        { name: 'N2', content: [{ text: 'I am N2' }, { image_url: { url: 'http://Ann' } }] },
        {
          content: null,
          tool_calls: [
            { id: 'Ann', function: { name: 'Ann', arguments: '{"to":"N1"}' } },
            { custom: { name: 'Ann', input: 'N2' } },
          ],
        },
        { name: 'Ann', tool_call_id: 'Ann', content: 'N2 found' },
        { name: 'Ann', content: 'N2' },
      ],
      user: 'N2',
      prompt_cache_key: 'N2',
      metadata: { Ann: 'N2' },
    });
  });

  it('changes every text of Anthropic messages', () => {
    const body = {
      model: 'm',
      max_tokens: 5,
      system: [{ type: 'text', text: 'for Ann' }],
      messages: [
        { role: 'user', content: 'Ann' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'Ann?', signature: 'Ann' },
            { type: 'tool_use', id: 'Ann', name: 'Ann', input: { deep: [{ Ann: 'Ann' }] } },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'Ann', content: [{ type: 'text', text: 'Ann' }] },
            { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Ann' }, title: 'Ann' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'Ann' } },
          ],
        },
      ],
    };
    expect(JSON.parse(sent(anthropicMessages, JSON.stringify(body)))).toMatchObject({
      system: [{ text: 'for N2' }],
      messages: [
        { content: 'N2' },
        {
          content: [
            { thinking: 'N2?', signature: 'Ann' },
            { id: 'Ann', name: 'Ann', input: { deep: [{ Ann: 'N2' }] } },
          ],
        },
        {
          content: [
            { tool_use_id: 'Ann', content: [{ text: 'N2' }] },
            { source: { data: 'N2' }, title: 'N2' },
            { source: { data: 'Ann' } },
          ],
        },
      ],
    });
  });

  it('changes every text of Responses', () => {
    const body = {
      model: 'm',
      instructions: 'for Ann',
      input: [
        { role: 'user', content: [{ type: 'input_text', text: 'Ann' }] },
        { type: 'reasoning', id: 'Ann', summary: [{ type: 'summary_text', text: 'Ann' }], encrypted_content: 'Ann' },
        { type: 'function_call', call_id: 'Ann', name: 'Ann', arguments: '{"a":"Ann"}' },
        { type: 'function_call_output', call_id: 'Ann', output: 'Ann' },
        { type: 'local_shell_call', call_id: 'x', action: { type: 'exec', command: ['echo', 'Ann'] } },
      ],
    };
    const expected = {
      instructions: 'for N2',
      input: [
        { content: [{ text: 'N2' }] },
        { id: 'Ann', summary: [{ text: 'N2' }], encrypted_content: 'Ann' },
        { call_id: 'Ann', name: 'Ann', arguments: '{"a":"N1"}' },
        { call_id: 'Ann', output: 'N2' },
        { action: { command: ['echo', 'N2'] } },
      ],
    };
    expect(JSON.parse(sent(openaiResponses, JSON.stringify(body)))).toMatchObject(expected);
    expect(JSON.parse(sent(openaiCompaction, JSON.stringify(body)))).toMatchObject(expected);
    expect(JSON.parse(sent(openaiResponses, '{"model":"m","input":"Ann"}'))).toMatchObject({ input: 'N2' });
  });

  it('changes prompts and inputs, and refuses those that are numbers', () => {
    expect(JSON.parse(sent(openaiCompletions, '{"model":"m","prompt":["Ann","b"]}')).prompt).toEqual(['N2', 'b']);
    expect(JSON.parse(sent(openaiEmbeddings, '{"model":"m","input":["Ann"]}')).input).toEqual(['N2']);
    expect(() => sent(openaiCompletions, '{"model":"m","prompt":[1,2]}')).toThrow(/numbers/);
    expect(() => sent(openaiEmbeddings, '{"model":"m","input":[1,2]}')).toThrow(/numbers/);
    expect(() => sent(openaiEmbeddings, '{"model":"m","input":["Ann",[1,2]]}')).toThrow(/numbers/);
  });

  it('leaves a body in which nothing is to be changed as it came', () => {
    const body = '{ "model": "m",  "messages": [ {"role":"user","content":"h\\u0069"} ] }';
    expect(sent(openaiChat, body)).toBe(body);
  });

  /** A schema in which members are called as keywords are, and what it is once its texts are changed. */
  const schemaWith = (ann: string) => ({
    $id: 'https://Ann',
    type: 'object',
    title: ann,
    description: `to ${ann}`,
    required: ['Ann', 'description'],
    properties: {
      Ann: { type: 'string', format: 'Ann', pattern: 'Ann', enum: [ann, 7, null], default: ann },
      description: { $ref: '#/$defs/Ann', description: ann, const: ann },
      enum: { type: 'array', items: { anyOf: [{ $comment: ann }, { examples: [{ Ann: [ann] }] }] } },
    },
    $defs: { Ann: { type: ['string', 'null'], minLength: 1, description: ann } },
    additionalProperties: { title: ann },
  });
  const describedWith = (ann: string) => ({ name: 'Ann', description: `asks ${ann}`, parameters: schemaWith(ann) });

  it.each([
    [
      'chat',
      openaiChat,
      { messages: [{ role: 'user', content: 'hi' }] },
      (ann: string) => ({
        tools: [
          { type: 'function', function: { ...describedWith(ann), strict: true } },
          {
            type: 'custom',
            custom: { name: 'Ann', description: ann, format: { type: 'grammar', grammar: { definition: 'Ann' } } },
          },
        ],
        tool_choice: { type: 'function', function: { name: 'Ann' } },
        functions: [describedWith(ann)],
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'Ann', description: ann, schema: schemaWith(ann) },
        },
        structured_outputs: { json: schemaWith(ann), choice: [ann], regex: 'Ann' },
        guided_choice: [ann],
        guided_json: schemaWith(ann),
      }),
    ],
    [
      'Anthropic messages',
      anthropicMessages,
      { max_tokens: 1, messages: [{ role: 'user', content: 'hi' }] },
      (ann: string) => ({
        tools: [
          {
            name: 'Ann',
            description: ann,
            input_schema: schemaWith(ann),
            input_examples: [{ Ann: ann }],
            cache_control: { type: 'ephemeral' },
          },
          { type: 'web_search_20250305', name: 'web_search', allowed_domains: ['Ann'] },
        ],
        output_config: { effort: 'low', format: { type: 'json_schema', schema: schemaWith(ann) } },
        output_format: { type: 'json_schema', schema: schemaWith(ann) },
      }),
    ],
    [
      'Responses',
      openaiResponses,
      { input: 'hi' },
      (ann: string) => ({
        tools: [
          { type: 'function', ...describedWith(ann) },
          {
            type: 'mcp',
            server_label: 'Ann',
            server_description: ann,
            server_url: 'https://Ann',
            headers: { Authorization: 'Ann' },
          },
        ],
        text: { verbosity: 'low', format: { type: 'json_schema', name: 'Ann', schema: schemaWith(ann) } },
        prompt: { id: 'Ann', variables: { description: ann, part: { type: 'input_text', text: ann } } },
      }),
    ],
  ])(
    'changes what definitions say and the values that schemas name, and leaves them definitions: %s',
    (_, protocol, more, defined) => {
      const out = JSON.parse(sent(protocol, JSON.stringify({ model: 'm', ...more, ...defined('Ann') })));
      expect(out).toMatchObject(defined('N2'));
    },
  );

  it.each(['safety_identifier', 'prediction', 'functions', 'output_config', 'guided_json'])(
    'refuses a body in which one of two could be missed: %s',
    member => {
      const body = `{"model":"m","messages":[],"${member}":"Ann","${member}":"b"}`;
      expect(() => sent(openaiChat, body)).toThrow(/twice/);
    },
  );

  const DEEP = { plain: 'a', deep: { list: ['b', { more: 'c' }], number: 1 }, long: 'x'.repeat(3000) };

  it.each([
    ['chat', openaiChat, { messages: [{ role: 'user', content: 'hi' }], user: 'u', safety_identifier: 's' }],
    ['Anthropic messages', anthropicMessages, { max_tokens: 1, messages: [{ role: 'user', content: 'hi' }] }],
    ['Responses', openaiResponses, { input: 'hi', user: 'u', safety_identifier: 's' }],
    ['compaction', openaiCompaction, { input: 'hi', user: 'u', safety_identifier: 's' }],
    ['completions', openaiCompletions, { prompt: 'hi', user: 'u', safety_identifier: 's' }],
  ])('are told with all that metadata says, and what names the user apart: %s', (_, protocol, more) => {
    const naming = protocol === anthropicMessages ? { user_id: { of: 'u' } } : {};
    const body = JSON.stringify({ model: 'm', ...more, metadata: { ...DEEP, ...naming } });
    const inbound = protocol.read(Buffer.from(body), { id: 'id', arrivedAt: 0, caller: CALLER });
    expectSameTexts(inbound);
    const texts = inbound.sentTexts();
    const said = texts.filter(({ namesUser }) => namesUser !== true).map(({ text }) => text);
    expect(said.sort()).toEqual(['a', 'b', 'c', 'hi', DEEP.long]);
    const named = texts.filter(({ namesUser }) => namesUser).map(({ text }) => text);
    expect(named.sort()).toEqual(protocol === anthropicMessages ? ['u'] : ['s', 'u']);
  });

  it('are told of the conversation before a response, too', () => {
    const body = Buffer.from('{"model":"m","input":"Ann","previous_response_id":"r"}');
    const inbound = openaiResponses.read(body, { id: 'id', arrivedAt: 0, caller: CALLER });
    const resumed = inbound.memory!.resume([{ type: 'message', role: 'user', content: 'earlier Ann' }], new Map());
    expectSameTexts(resumed);
    expect(resumed.sentTexts().map(({ text }) => text)).toEqual(['earlier Ann', 'Ann']);
  });

  it('are told of the items that were referred to, and those are changed with the others', () => {
    const body = Buffer.from(
      '{"model":"m","input":[{"type":"item_reference","id":"msg_1_0"},{"role":"user","content":"Ann"}]}',
    );
    const inbound = openaiResponses.read(body, { id: 'id', arrivedAt: 0, caller: CALLER });
    const said = { type: 'message', id: 'msg_1_0', role: 'assistant', content: 'Hello Ann' };
    const resumed = inbound.memory!.resume([], new Map([['msg_1_0', said]]));
    expect(resumed.sentTexts().map(({ text }) => text)).toEqual(['Hello Ann', 'Ann']);
    const changed = resumed.rewritten!(text => text.replace('Ann', 'NAME'));
    expect(changed.sentTexts().map(({ text }) => text)).toEqual(['Hello NAME', 'NAME']);
    expect(changed.request.messages.map(({ content }) => content)).toEqual([
      [{ type: 'text', text: 'Hello NAME' }],
      [{ type: 'text', text: 'NAME' }],
    ]);
    expect(JSON.parse(changed.bodyFor('m', {}, false).toString()).input[0]).toEqual({
      ...{ type: 'message', role: 'assistant', content: 'Hello NAME' },
    });
  });
});
